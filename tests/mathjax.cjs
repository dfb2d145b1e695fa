// What GitHub's site makes of formulas: a JSON array of TeX on stdin, an array of errors (null: it is set) on stdout.
// The argument is the folder in which MathJax is installed.
//
// GitHub runs MathJax 3.2.0 without these packages, and refuses a formula that has one of these names anywhere; so
// those who read its <math-renderer> element report it. Two more go here: "noundefined", so that a name which nobody
// defined, and GitHub shows in red, is an error; and "bussproofs", which needs a page to draw on.
const fs = require('node:fs');
const mathjax = require(require.resolve('mathjax', { paths: [process.argv[2]] }));

const REMOVED = ['noerrors', 'bbox', 'html', 'require', 'newcommand', 'action', 'colortbl', 'noundefined', 'bussproofs'];
const REFUSED = ['DeclareMathOperator', 'DeclarePairedDelimiters', 'renewtagform', 'newtagform', 'colorbox', 'fcolorbox',
  'hphantom', 'vphantom', 'phantom', 'operatorname', 'Newextarrow', 'definecolor', 'mathchoice', 'unicode', 'mmlToken'];

const settings = {
  loader: { load: ['input/tex-full', 'adaptors/liteDOM'] },
  tex: { packages: { '[-]': REMOVED }, maxMacros: 1000, formatError: (_, error) => { throw error; } },
};

mathjax.init(settings).then((MathJax) => {
  const fault = (tex) => {
    const refused = REFUSED.filter((name) => tex.includes(`\\${name}`));
    if (refused.length) return `refused: ${refused}`;
    try {
      MathJax.tex2mml(tex, { display: false });
      return null;
    } catch (error) {
      return error.message;
    }
  };
  process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(fault)));
});
