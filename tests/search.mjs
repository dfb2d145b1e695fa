// Asks the site's search what queries find: `node search.mjs SCRIPT FOLDER MOST`, queries as a JSON list on stdin. Each
// is asked without any cache, as on a first visit; `packed` is what a server sends that packs JSON, and nothing else.
import fs from "node:fs";
import { gzipSync } from "node:zlib";

const [script, folder, most] = process.argv.slice(2);
const { parse, search } = await import(`data:text/javascript;base64,${fs.readFileSync(script, "base64")}`);

async function ask(query) {
  let [bytes, packed, files] = [0, 0, 0];
  const hits = [];
  const begun = performance.now();
  const get = async (path) => {
    const data = fs.readFileSync(`${folder}/${path}`);
    files += 1;
    bytes += data.length;
    packed += path.endsWith(".json") ? gzipSync(data).length : data.length;
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  };
  try {
    for await (const hit of search(parse(query), get)) if (hits.push(hit) >= Number(most)) break;
  } catch (error) {
    if (error.constructor.name !== "QueryError") throw error;
    return { query, error: error.message };
  }
  return { query, hits, bytes, packed, files, ms: Math.round(performance.now() - begun) };
}

const found = [];
for (const query of JSON.parse(fs.readFileSync(0, "utf8"))) found.push(await ask(query));
console.log(JSON.stringify(found));
