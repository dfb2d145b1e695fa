// Search in the files of search/: a catalogue of segments (some thousand papers each, the newest first), and in each a
// few files of words, of their positions, and of papers. docs/SITE-SEARCH.md describes them. What a query means is what
// it means to `digest search`. The page comes last; what stands before it needs no browser.

const FIELDS = { title: "title", ti: "title", author: "authors", authors: "authors", au: "authors", abstract: "abstract",
  abs: "abstract", category: "category", cat: "category", code: "code", has: "has", in: "in" };
const TEXTS = ["title", "authors", "abstract", "comments"]; // as the index numbers them
const KINDS = ["code", "data", "demo", "model", "paper", "project", "other"];
const LONGEST = 64; // letters of a word
const AT_ONCE = 20; // papers that are shown
const MOST_SPELLINGS = 16;
const PLURALS = [
  [/^(.*(?:[^aeiou]|qu))y$/, ["y", "ys", "ies"]], // ontology
  [/^(..+)is$/, ["is", "ises", "es"]], // hypothesis
  [/^(.+)ix$/, ["ix", "ixes", "ices"]], // matrix
  [/^(.+)ex$/, ["ex", "exes", "ices"]], // vertex
  [/^(.*z)$/, ["", "s", "es", "zes"]], // quiz
  [/^(.*(?:[sxo]|[cs]h))$/, ["", "s", "es"]], // box, class, echo, mesh
];
const GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau " +
  "upsilon phi chi psi omega").split(" ");
const LATIN = { ı: "i", ø: "o", ł: "l", đ: "d", ħ: "h", ŧ: "t", æ: "ae", œ: "oe", þ: "th", ð: "d", ß: "ss" };

/** What a person typed cannot be understood; the message tells why. */
export class QueryError extends Error {}

// --- words ---

/** A text without cases and accents. */
const folded = (text) =>
  text.normalize("NFKD").replace(/(?![\u3099\u309a])\p{M}/gu, "").normalize("NFC").toLowerCase();

/** The words of a text, as the index has them. */
export const wordsOf = (text) =>
  (folded(text).match(/[\p{L}\p{N}]+/gu) || []).map((word) => [...word].slice(0, LONGEST).join(""));

/** A text as words with a sign between: "." where a sentence or a part of it ends, "-", "=" for "@", or a blank. */
function signed(text) {
  const plain = ` ${folded(text.replaceAll("++", " plusplus "))} `
    .replace(/\p{Cf}/gu, "")
    .replace(/[\u2010-\u2013\u2212]/g, "-")
    .replace(/[α-ω]/g, (letter) => ` ${GREEK[letter.charCodeAt(0) - 0x3b1]} `)
    .replace(/[ıøłđħŧæœþðß]/g, (letter) => LATIN[letter])
    .replace(/[.?!。]+["')\]}]*\s/g, ", ")
    .replace(/[.@]/g, "=")
    .replace(/[,;:、]/g, ".")
    .replace(/[^\p{L}\p{N}.=-]/gu, " ");
  return ` ${plain.trim().split(/\s+/).join(" ")} `
    .replaceAll("= ", "=")
    .replace(/[ =-]{2,}/g, (signs) => (signs === "--" ? "-" : signs.includes("=") ? "=" : " "))
    .replace(/^[ .=-]+|[ .=-]+$/g, "");
}

const isDigit = (one) => /^\p{Nd}$/u.test(one);

/** What others may write between two characters: nothing, a blank, or either. */
function between(before, sign, after, isVersion) {
  if (!before || (!sign && isDigit(before) && isDigit(after))) return [""];
  if (sign === "." || (isDigit(before) && isDigit(after))) return [" "];
  if (sign === "-" || isVersion || isDigit(before) !== isDigit(after)) return sign ? [" ", ""] : ["", " "];
  return [sign ? " " : ""];
}

/** The ways in which blanks may divide words: U-Net is UNet, and SAM2 is SAM 2. */
function divided(words) {
  let wholes = [""];
  let [before, sign] = ["", ""];
  const letters = [...words];
  for (const [place, one] of letters.entries()) {
    if (" .=-".includes(one)) {
      sign = sign === "." ? "." : one;
    } else {
      const blanks = between(before, sign, one, one === "v" && isDigit(letters[place + 1] || ""));
      wholes = wholes.flatMap((whole) => blanks.map((blank) => whole + blank + one)).slice(0, MOST_SPELLINGS);
      [before, sign] = [one, ""];
    }
  }
  return wholes;
}

/** What singular and plural of words share, and how they end. */
function plural(words, shown) {
  const word = words.match(/\p{L}+$/u)?.[0] || "";
  const letters = words.slice(words.lastIndexOf(" ") + 1).match(/[\p{L}\p{N}]/gu) || [];
  if (!word || letters.length < 3 || /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]$/.test(word)) return [words, [""]];
  const written = shown.match(/(\p{L}+)[^\p{L}\p{N}]*$/u)?.[1] || "";
  const isAcronym = written.length <= 4 && written === written.toUpperCase() && written !== written.toLowerCase();
  const forms = word.length < 3 || isAcronym ? [] : PLURALS;
  for (const [form, endings] of forms) {
    const kept = word.match(form);
    if (kept) return [words.slice(0, -word.length) + kept[1], endings];
  }
  return [words, ["", "s"]];
}

/** The phrases that words may be, of which one is enough: [{words, goesOn}]. */
export function spellings(typed, field, goesOn) {
  const comma = field === "authors" ? typed.indexOf(",") : -1;
  const text = comma < 0 ? typed : `${typed.slice(comma + 1)} ${typed.slice(0, comma)}`;
  const plain = signed(text);
  const [stem, endings] = field === "authors" || goesOn ? [plain, [""]] : plural(plain, text.trim());
  const phrases = new Map();
  for (const form of [text, ...divided(stem).flatMap((one) => endings.map((end) => one + end))]) {
    const words = wordsOf(form);
    if (words.length) phrases.set(words.join(" "), { words, goesOn });
  }
  return [...phrases.values()];
}

// --- queries: {all: parts, none: parts}, {any: parts}, {field, phrases} ---

/** Read a query; `words` are to be marked in what is found. */
export function parse(text) {
  const tokens = tokensOf(text.slice(0, 1000).replace(/[“”„«»]/g, '"').replace(/\p{C}/gu, " "));
  const conditions = [];
  const words = [];
  let place = 0;

  function either(field, depth) {
    if (depth > 8) throw new QueryError("There are too many brackets in one another.");
    const parts = [all(field, depth)];
    for (; tokens[place]?.sign === "OR"; parts.push(all(field, depth))) place += 1;
    if (parts.length === 1) return parts[0];
    if (!depth && conditions.length) {
      throw new QueryError("Put the words with OR into brackets: in, category, code and has are for the whole query.");
    }
    if (!parts.every((one) => one.all.length)) throw new QueryError("OR needs words on both sides.");
    return { all: [{ any: parts }], none: [] };
  }

  function all(field, depth) {
    const found = { all: [], none: [] };
    let waits = "";
    while (place < tokens.length && !["OR", ")"].includes(tokens[place].sign)) {
      const token = tokens[place++];
      if (token.sign === "AND" || token.sign === "NOT") {
        waits = token.sign;
        continue;
      }
      const excludes = token.excludes || waits === "NOT";
      waits = "";
      const part = token.sign ? bracket(token, field, depth) : one(token, token.field || field, depth, excludes);
      if (part) found[excludes ? "none" : "all"].push(part);
    }
    if (waits) throw new QueryError(`${waits} needs words after it.`);
    return found;
  }

  function bracket(token, field, depth) {
    if (token.field && !TEXTS.includes(token.field)) throw new QueryError(`${token.field}: takes no bracket.`);
    const part = either(token.field || field, depth + 1);
    if (tokens[place++]?.sign !== ")") throw new QueryError("A bracket is not closed.");
    if (!part.all.length) throw new QueryError("Brackets need words to look for.");
    return part;
  }

  function one(token, field, depth, excludes) {
    if (field && !TEXTS.includes(field)) {
      if (depth) throw new QueryError(`${field}: cannot stand in brackets.`);
      conditions.push(condition(field, token.text.trim(), excludes));
      return null;
    }
    const bare = token.text.replace(/[* ]+$/, "");
    const goesOn = token.text.endsWith("*");
    const typed = wordsOf(bare);
    if (bare.includes("*") || (goesOn && !typed.length)) throw new QueryError("A star stands at the end of a word.");
    if (goesOn && [...typed.at(-1)].length < 2) throw new QueryError("A star needs two letters before it.");
    if (!typed.length) return null;
    const phrases = spellings(bare, field, goesOn);
    if (!excludes) words.push(...phrases.flatMap((phrase) => phrase.words.map((word) => ({ word, goesOn }))));
    return { field, phrases };
  }

  const part = either("", 0);
  if (place < tokens.length) throw new QueryError("A bracket is closed that was not opened.");
  if (!part.all.length && !conditions.length) throw new QueryError("Type words to look for.");
  return { part, conditions, words };
}

function tokensOf(text) {
  const form =
    /\s*(?:(?<close>\))|(?<minus>[-\u2010-\u2015\u2212](?=[^\s)]))?(?<name>[A-Za-z]+:(?=[^\s)]))?(?:(?<open>\()|"(?<phrase>[^"]*)"(?<star>\*?)|(?<word>[^\s()"]+)))/gy;
  const found = [];
  const whole = text.trimEnd();
  while (form.lastIndex < whole.length) {
    const match = form.exec(whole);
    if (!match) throw new QueryError("A quote is not closed.");
    const { close, minus, name, open, phrase, star, word } = match.groups;
    const field = name ? FIELDS[name.slice(0, -1).toLowerCase()] : "";
    if (field === undefined) {
      throw new QueryError(`“${name}” is no field: title, author, abstract, category, has, code and in are.`);
    }
    if (word?.endsWith(":") && word.slice(0, -1).toLowerCase() in FIELDS) {
      throw new QueryError(`“${word}” needs what to look for right after it.`);
    }
    const sign = close || open || (!minus && !field && ["AND", "OR", "NOT"].includes(word) ? word : "");
    found.push({ sign, text: word ?? `${phrase}${star}`, field, excludes: Boolean(minus) });
  }
  return found;
}

function condition(field, value, excludes) {
  const lower = value.toLowerCase();
  if (field === "in") {
    const [first, last = first] = value.split("..");
    if (!/^(?=.*\d)(?:\d{4}(?:-\d\d){0,2})?(?:\.\.(?:\d{4}(?:-\d\d){0,2})?)?$/.test(value)) {
      throw new QueryError("in: takes a year, a month, a day or a range, such as 2021-10.");
    }
    return { dates: [first, last ? `${last}~` : "~"], excludes }; // "~" is later than what begins so
  }
  if (field === "has" && !KINDS.includes(lower)) throw new QueryError(`has: takes one of ${KINDS.join(", ")}.`);
  if (field === "has") return { keys: [`has:${lower}`], excludes };
  if (field === "category") return { keys: lower.split(",").map((name) => name.replace(/\.\*$/, "")), excludes };
  if (lower === "yes" || lower === "no") return { keys: ["has:code"], excludes: excludes === (lower === "yes") };
  throw new QueryError("Here, code: takes yes or no. `digest search` knows the addresses, too.");
}

// --- the files of a segment ---

const utf8 = new TextDecoder();

/** A file is of another day than the catalogue. */
export class Stale extends Error {}

/** Reads numbers of seven bits a byte, the lowest first. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 4; // behind the version
  }

  get ended() {
    return this.at >= this.bytes.length;
  }

  take(count) {
    return this.bytes.subarray(this.at, (this.at += count));
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  /** The papers of a word: how many and the steps between them, or 0 and a bit for each of `size`. */
  papers(size) {
    const count = this.number();
    const found = [];
    if (count) {
      for (let paper = -1; found.length < count; ) found.push((paper += this.number() + 1));
      return found;
    }
    const bits = this.take((size + 7) >> 3);
    for (let paper = 0; paper < size; paper += 1) if (bits[paper >> 3] & (1 << (paper & 7))) found.push(paper);
    return found;
  }

  /** The positions in one text: steps, doubled, the last plus 1. */
  positions() {
    const found = [];
    for (let position = 0; ; ) {
      const byte = this.bytes[this.at++];
      const step = byte < 240 ? byte : 240 + (byte - 240) * 256 + this.bytes[this.at++];
      found.push((position += step >> 1));
      if (step & 1) return found;
    }
  }
}

class Segment {
  constructor([path, version, first, last], get) {
    Object.assign(this, { path, version, first, last, get, files: new Map() });
  }

  /** What `read` makes of a file, once. */
  file(name, read) {
    if (!this.files.has(name)) this.files.set(name, this.get(`${this.path}/${name}`, this.version).then(read));
    return this.files.get(name);
  }

  check(version) {
    if (version !== this.version) throw new Stale(this.path);
  }

  json(name) {
    return this.file(name, (data) => {
      const value = JSON.parse(utf8.decode(data));
      this.check(value.v);
      return value;
    });
  }

  bytes(name) {
    return this.file(name, (data) => {
      const bytes = new Uint8Array(data);
      this.check(Array.from(bytes.subarray(0, 4), (one) => one.toString(16).padStart(2, "0")).join(""));
      return bytes;
    });
  }

  async begin() {
    const { days, words, in_file: inFile } = await this.json("head.json");
    const size = days.reduce((sum, [, count]) => sum + count, 0);
    Object.assign(this, { days, cuts: words, inFile, size });
  }

  /** The words in a file: [{word, texts: papers by field, before: how many lists of positions come before}]. */
  async entries(name) {
    const reader = new Reader(await this.bytes(name));
    const found = [];
    let [last, before] = [new Uint8Array(), 0];
    while (!reader.ended) {
      const [shared, length] = reader.take(2);
      const word = new Uint8Array(shared + length);
      word.set(last.subarray(0, shared));
      word.set(reader.take(length), shared);
      const [mask] = reader.take(1);
      const texts = TEXTS.map((_, field) => (mask & (1 << field) ? reader.papers(this.size) : []));
      found.push({ word: utf8.decode(word), texts, before });
      before += texts.reduce((sum, papers) => sum + papers.length, 0);
      last = word;
    }
    return found;
  }

  /** The entries of a word, or of all that begin so, each with the number of its file. */
  async lookUp(word, goesOn) {
    const isIt = goesOn ? (one) => one.startsWith(word) : (one) => one === word;
    const first = Math.max(this.cuts.findLastIndex((cut) => cut <= word), 0);
    const files = [first];
    while (goesOn && this.cuts[files.at(-1) + 1]?.startsWith(word)) files.push(files.at(-1) + 1);
    const found = await Promise.all(
      files.map(async (file) => (await this.entries(`w${file}.bin`)).filter((one) => isIt(one.word)).map((one) => ({ ...one, file }))),
    );
    return found.flat();
  }

  /** The positions of an entry: what `use` is told is the paper, the field and its positions. */
  async positions(entry, use) {
    const reader = new Reader(await this.bytes(`p${entry.file}.bin`));
    for (let left = entry.before; left; left -= 1) reader.positions();
    entry.texts.forEach((papers, field) => {
      for (const paper of papers) use(paper, field, reader.positions());
    });
  }

  /** Which papers have a phrase; only those of `among` matter. */
  async phrase({ words, goesOn }, field, among) {
    const isIn = (number) => !field || TEXTS[number] === field;
    const entries = await Promise.all(words.map((word, place) => this.lookUp(word, goesOn && place === words.length - 1)));
    const texts = entries.map((several) => {
      const found = new Set(); // paper * 4 + field
      for (const entry of several) {
        entry.texts.forEach((papers, number) => {
          if (isIn(number)) for (const paper of papers) if (among[paper]) found.add(paper * 4 + number);
        });
      }
      return found;
    });
    let left = texts.reduce((one, other) => new Set([...one].filter((text) => other.has(text))));
    if (words.length > 1) {
      // The rarest words first: of the others, only texts that are left are looked at.
      const order = words.map((_, place) => place).sort((one, other) => texts[one].size - texts[other].size);
      let begins; // in each text, where the phrase may begin
      for (const place of order) {
        if (!left.size) break;
        const here = new Map();
        for (const entry of entries[place]) {
          await this.positions(entry, (paper, number, positions) => {
            const text = paper * 4 + number;
            if (!left.has(text)) return;
            const known = here.get(text) || new Set();
            for (const one of positions) if (!begins || begins.get(text).has(one - place)) known.add(one - place);
            if (known.size) here.set(text, known);
          });
        }
        begins = here;
        left = new Set(here.keys());
      }
    }
    return this.flags([...left].map((text) => text >> 2));
  }

  flags(papers = []) {
    const found = new Uint8Array(this.size);
    for (const paper of papers) found[paper] = 1;
    return found;
  }

  /** Which of the papers `among` a part of a query finds. */
  async find(part, among) {
    if (part.phrases || part.any) {
      const several = part.phrases
        ? part.phrases.map((phrase) => this.phrase(phrase, part.field, among))
        : part.any.map((one) => this.find(one, among));
      const found = await Promise.all(several);
      return among.map((_, paper) => found.some((one) => one[paper]));
    }
    // Single words cost little, and leave less to look for phrases in, or nothing.
    const isPlain = (one) => one.phrases?.every(({ words, goesOn }) => words.length === 1 && !goesOn);
    const plain = await Promise.all(part.all.filter(isPlain).map((one) => this.find(one, among)));
    let left = among.map((is, paper) => is && plain.every((one) => one[paper]));
    for (const one of part.all) if (!isPlain(one) && left.includes(1)) left = await this.find(one, left);
    for (const one of part.none) {
      if (!left.includes(1)) break;
      const found = await this.find(one, left);
      left = left.map((is, paper) => is && !found[paper]);
    }
    return left;
  }

  /** Which papers are as a condition asks. */
  async fulfil({ dates, keys, excludes }) {
    let found = [];
    if (dates) {
      let paper = 0;
      for (const [date, count] of this.days) {
        for (let left = count; left; left -= 1, paper += 1) if (date >= dates[0] && date <= dates[1]) found.push(paper);
      }
    } else {
      const isIt = ({ word }) => keys.some((key) => word === key || word.startsWith(`${key}.`));
      found = (await this.entries("c.bin")).filter(isIt).flatMap((entry) => entry.texts[0]);
    }
    const flags = this.flags(found);
    return excludes ? flags.map((is) => 1 - is) : flags;
  }

  /** The numbers of the papers that a query finds, the newest first. */
  async papers({ part, conditions }) {
    await this.begin();
    let left = this.flags().fill(1);
    for (const condition of conditions) {
      const is = await this.fulfil(condition);
      left = left.map((was, paper) => was && is[paper]);
    }
    left = await this.find(part, left);
    return [...left.keys()].filter((paper) => left[paper]).reverse();
  }

  /** What is shown of a paper. */
  async hit(paper) {
    const { days, papers } = await this.json(`d${Math.floor(paper / this.inFile)}.json`);
    const [day, id, section, title, authors] = papers[paper % this.inFile];
    const [page, date, category] = days[day];
    return { id, path: `${page}#${id.replace("/", "-")}`, date, category, section, title, authors };
  }
}

/** Yield what a query finds, each paper once, the newest first; `get` reads a file of search/, `told` gets the dates. */
export async function* search(query, get, told = () => {}) {
  const { format, segments } = JSON.parse(utf8.decode(await get("index.json", "")));
  if (format !== 1) throw new Stale("index.json");
  const spans = query.conditions.filter((one) => one.dates && !one.excludes).map((one) => one.dates);
  const rows = segments.filter((row) => !spans.some(([first, last]) => row[3] < first || row[2] > last));
  const seen = new Set();
  // One segment has enough of most words. The less is found, the more of them are asked at once.
  for (let several = 1; rows.length; several = Math.min(several * 2, 8)) {
    const batch = rows.splice(0, several).map((row) => new Segment(row, get));
    told(batch.at(-1).first);
    const found = await Promise.all(batch.map((segment) => segment.papers(query)));
    const papers = found.flatMap((numbers, place) => numbers.map((number) => [batch[place], number]));
    while (papers.length) {
      const next = papers.splice(0, AT_ONCE - (seen.size % AT_ONCE));
      for (const hit of await Promise.all(next.map(([segment, number]) => segment.hit(number)))) {
        if (!seen.has(hit.id)) yield hit;
        seen.add(hit.id);
      }
    }
  }
}

// --- the page ---

const LONGEST_TEXT = 1000; // characters of a query

function element(name, text, className) {
  const made = document.createElement(name);
  made.append(text);
  if (className) made.className = className;
  return made;
}

/** A text in which the words that were looked for are marked. */
function marked(text, words) {
  const isIt = (piece) =>
    wordsOf(piece).some((found) => words.some(({ word, goesOn }) => (goesOn ? found.startsWith(word) : found === word)));
  const pieces = text.split(/([\p{L}\p{N}\p{M}]+)/u).map((piece, place) => (place % 2 && isIt(piece) ? element("mark", piece) : piece));
  const made = element("span", "");
  made.append(...pieces);
  return made;
}

function line(hit, words, root) {
  const made = element("li", "");
  const link = element("a", marked(hit.title, words));
  link.href = root + hit.path;
  const section = { cross: ", cross-list", replacement: ", replacement" }[hit.section] || "";
  made.append(link, element("span", marked(hit.authors, words), "by"), element("span", `${hit.date} · ${hit.category}${section}`, "by"));
  return made;
}

function page() {
  const [form, box, told, hits, more] = ["search", "query", "told", "hits", "more"].map((id) => document.getElementById(id));
  const { root } = document.body.dataset;
  let current = 0; // the number of the search that may still write

  async function get(path, version) {
    const answer = await fetch(`${root}search/${path}${version && `?${version}`}`, { cache: version ? "default" : "no-cache" });
    if (answer.ok) return answer.arrayBuffer();
    if (version && answer.status === 404) throw new Stale(path);
    throw new Error(`the server answered ${answer.status}`);
  }

  async function run(text, isAgain = false) {
    const own = (current += 1);
    const say = (words) => own === current && (told.textContent = words);
    hits.replaceChildren();
    more.hidden = true;
    say("");
    if (!text.trim()) return;
    if (text.length > LONGEST_TEXT) {
      say(`Please ask in at most ${LONGEST_TEXT.toLocaleString("en")} characters.`);
      return;
    }
    try {
      const query = parse(text);
      const found = search(query, get, (date) => say(`Searching back to ${date} …`));
      const show = async (isMore) => {
        more.hidden = true;
        for (let left = AT_ONCE; left; left -= 1) {
          const { value, done } = await found.next();
          if (own !== current) return;
          if (done) {
            const count = hits.children.length;
            say(count ? `${count} ${count === 1 ? "paper" : "papers"}, and no more.` : "No paper has this.");
            return;
          }
          hits.append(line(value, query.words, root));
          // Whoever asked for more by the keyboard goes on at the first that came.
          if (isMore && left === AT_ONCE) hits.lastElementChild.firstElementChild.focus();
        }
        say(`The newest ${hits.children.length}.`);
        more.hidden = false;
      };
      more.onclick = () => show(true).catch(fail);
      await show(false);
    } catch (error) {
      fail(error);
    }

    function fail(error) {
      if (error instanceof Stale && !isAgain) run(text, true);
      else if (error instanceof QueryError) say(error.message);
      else say(`The search failed: ${error.message}. Please try again.`);
    }
  }

  const start = () => {
    box.value = new URLSearchParams(location.search).get("q") || "";
    run(box.value);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = `?${new URLSearchParams({ q: box.value })}`;
    if (asked !== location.search) history.pushState(null, "", asked);
    run(box.value);
  });
  addEventListener("popstate", start);
  form.hidden = false;
  start();
}

if (typeof document !== "undefined") page();
