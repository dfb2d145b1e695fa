// Filters, marks and keys. The pages are whole without it; nothing leaves this browser.
"use strict";

const KEY = "digest-marks";
const ID = /^(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?\/[0-9]{7})$/;
const root = document.body.dataset.root;
const papers = [...document.querySelectorAll(".paper")];

// --- marks: {id: {star: 1, read: 1, title, place}} ---

let marks = load();

function load() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

function save() {
  try {
    localStorage.setItem(KEY, JSON.stringify(marks));
    return true;
  } catch {
    marks = load();
    alert("The browser keeps no marks here: its storage is full or switched off.");
    return false;
  }
}

function say(words) {
  const place = document.getElementById("told") || document.getElementById("shown");
  if (place) place.textContent = words;
}

// An old id has a slash, which its anchor has not.
const idOf = (anchor) => anchor.replace(/^([a-z.A-Z-]+)-([0-9]{7})$/, "$1/$2");

function set(id, name, is, more) {
  marks = load(); // another tab may have marked something meanwhile
  const mark = { ...marks[id] };
  if (is) mark[name] = 1;
  else delete mark[name];
  if (mark.star) Object.assign(mark, more);
  else {
    delete mark.title;
    delete mark.place;
  }
  if (mark.star || mark.read) marks[id] = mark;
  else delete marks[id];
  save();
}

function toggle(paper, name) {
  const id = idOf(paper.id);
  const place = location.pathname.slice(new URL(root, location.href).pathname.length);
  const title = paper.querySelector("h3, h4").textContent;
  set(id, name, !(marks[id] || {})[name], { title, place: `${place}#${paper.id}` });
  show(paper);
  filter();
}

function show(paper) {
  const mark = marks[idOf(paper.id)] || {};
  paper.classList.toggle("starred", Boolean(mark.star));
  paper.classList.toggle("read", Boolean(mark.read));
  for (const button of paper.querySelectorAll(".acts button")) {
    const is = Boolean(mark[button.dataset.act]);
    button.setAttribute("aria-pressed", String(is));
    if (button.dataset.act === "star") button.textContent = is ? "★" : "☆";
    else button.textContent = is ? "✓" : "○";
  }
}

function act(name, label, paper) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.act = name;
  button.title = label;
  button.setAttribute("aria-label", `${label}: ${paper.querySelector("h3, h4").textContent}`);
  button.addEventListener("click", () => toggle(paper, name));
  return button;
}

function showAll() {
  for (const paper of papers) show(paper);
  for (const line of document.querySelectorAll("[data-id]")) {
    const mark = marks[line.dataset.id] || {};
    line.classList.toggle("starred", Boolean(mark.star));
    line.classList.toggle("read", Boolean(mark.read));
  }
}

for (const paper of papers) {
  const acts = document.createElement("div");
  acts.className = "acts";
  acts.append(act("star", "Star", paper), act("read", "Read", paper));
  paper.prepend(acts);
}
showAll();
addEventListener("storage", (event) => {
  if (event.key !== KEY && event.key !== null) return;
  marks = load();
  showAll();
  list();
});

// --- filters ---

const form = document.getElementById("filters");
const words = document.getElementById("words");
const category = document.getElementById("category");
const texts = new Map();

function text(paper) {
  // Read when it is asked for: a day has a million characters.
  if (!texts.has(paper)) texts.set(paper, plain(paper.textContent));
  return texts.get(paper);
}

function plain(some) {
  return some.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
}

function pressed(name) {
  return [...form.querySelectorAll(`[data-${name}][aria-pressed="true"]`)].map((one) => one.dataset[name]);
}

function filter() {
  if (!form) return;
  const sections = pressed("section");
  const wanted = pressed("mark");
  const asked = plain(words.value).split(/\s+/).filter(Boolean);
  const tests = [
    (one) => !sections.length || sections.includes(one.dataset.s),
    (one) => !category.value || one.dataset.c.split(" ").includes(category.value),
    (one) => !wanted.includes("code") || "code" in one.dataset,
    (one) => !wanted.includes("unread") || !one.classList.contains("read") || one.contains(document.activeElement),
    (one) => !wanted.includes("starred") || one.classList.contains("starred"),
    (one) => asked.every((word) => text(one).includes(word)),
  ];
  let count = 0;
  for (const paper of papers) {
    paper.hidden = !tests.every((test) => test(paper));
    count += !paper.hidden;
  }
  for (const section of document.querySelectorAll("main section")) {
    if (section.querySelector(".paper")) section.hidden = !section.querySelector(".paper:not([hidden])");
  }
  const all = count === papers.length;
  document.getElementById("shown").textContent = all ? "" : count ? `${count} of ${papers.length} papers` : `No paper is as you chose (0 of ${papers.length}).`;
  remember({ section: sections, show: wanted, category: category.value ? [category.value] : [], words: words.value.trim() ? [words.value.trim()] : [] });
}

function remember(state) {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(state)) for (const value of values) query.append(name, value);
  const search = query.size ? `?${query}` : "";
  for (const link of document.querySelectorAll(".turning a")) link.search = search;
  if (search === location.search) return;
  try {
    history.replaceState(null, "", `${location.pathname}${search}${location.hash}`);
  } catch {
    // A page that was opened from a disk may not.
  }
}

function press(button) {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
}

// On a phone, the filters would be all of the first screen.
const fold = made("button", "Filter");
fold.type = "button";
fold.className = "fold";
fold.setAttribute("aria-controls", "filters");

function unfold(is = true) {
  form?.classList.toggle("folded", !is);
  fold.setAttribute("aria-expanded", String(is));
}

if (form) {
  form.hidden = false;
  form.before(fold);
  unfold(Boolean(location.search));
  fold.addEventListener("click", () => unfold(form.classList.contains("folded")));
  const query = new URLSearchParams(location.search);
  for (const button of form.querySelectorAll("button")) {
    const { section, mark } = button.dataset;
    if ((section && query.getAll("section").includes(section)) || (mark && query.getAll("show").includes(mark))) press(button);
    button.addEventListener("click", () => {
      press(button);
      filter();
    });
  }
  if ([...category.options].some((one) => one.value === query.get("category"))) category.value = query.get("category");
  words.value = query.get("words") || "";
  category.addEventListener("change", filter);
  words.addEventListener("input", filter);
  filter();
}

// --- keys ---

const HELP = [
  ["j", "next paper"],
  ["k", "paper before"],
  ["o", "open its page at arXiv"],
  ["h", "day before"],
  ["l", "day after"],
  ["s", "star it"],
  ["r", "mark it as read"],
  ["/", "look for words"],
  ["?", "this help"],
];
const help = dialog();

// Made here: it would be much of each small page.
function dialog() {
  const box = made("dialog", made("h2", "Keyboard"));
  box.setAttribute("aria-label", "Keyboard");
  const list = made("dl", ...HELP.map(([key, words]) => made("div", made("dt", made("kbd", key)), made("dd", words))));
  list.className = "keys";
  const button = made("button", "Close");
  button.addEventListener("click", () => box.close());
  box.append(list, button);
  document.body.append(box);
  return box;
}

function made(name, ...inner) {
  const element = document.createElement(name);
  element.append(...inner);
  return element;
}

function current() {
  const one = document.activeElement.closest(".paper") || document.querySelector(".paper:target");
  return one && !one.hidden ? one : null;
}

function go(step) {
  const seen = papers.filter((one) => !one.hidden);
  if (!seen.length) return;
  const place = seen.indexOf(current());
  // Without a paper that is chosen, the first one below the top of the window.
  const first = Math.max(seen.findIndex((one) => one.getBoundingClientRect().bottom > 0), 0);
  const next = place < 0 ? first : Math.min(Math.max(place + step, 0), seen.length - 1);
  seen[next].focus({ preventScroll: true });
  filter(); // one that was read meanwhile may leave now
  seen[next].scrollIntoView({ block: "start" });
}

const keys = {
  j: () => go(1),
  k: () => go(-1),
  o: () => current() && open(current().querySelector("h3 a, h4 a").href, "_blank", "noopener"),
  h: () => document.querySelector('a[rel="prev"]')?.click(),
  l: () => document.querySelector('a[rel="next"]')?.click(),
  s: () => current() && toggle(current(), "star"),
  r: () => current() && toggle(current(), "read"),
  "/": () => {
    const box = document.getElementById("query") || words || document.querySelector("form input[name=q]");
    unfold();
    if (box) box.focus();
    else document.querySelector('nav a[href$="search/"]')?.click();
  },
  "?": () => (help.open ? help.close() : help.showModal()),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.closest("input, select, textarea");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  if (help.open && event.key !== "?") return;
  if (Object.hasOwn(keys, event.key)) {
    event.preventDefault();
    keys[event.key]();
  }
});

// --- the page of the marks ---

const page = document.getElementById("marks");

function list() {
  if (!page) return;
  const starred = Object.entries(marks).filter(([id, one]) => ID.test(id) && one.star);
  document.getElementById("count").textContent = starred.length || "none yet";
  document.getElementById("starred").replaceChildren(
    ...starred.reverse().map(([id, one]) => {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = one.place && !/^[a-z]+:|^\/|^\./i.test(one.place) ? root + one.place : `https://arxiv.org/abs/${id}`;
      link.textContent = one.title || id;
      const by = document.createElement("span");
      by.className = "by";
      by.textContent = id;
      line.append(link, by);
      return line;
    }),
  );
}

function written() {
  const lines = ["# Marks of digest: + is starred, - was read and not starred."];
  for (const [id, one] of Object.entries(marks)) {
    if (ID.test(id)) lines.push(one.star ? `+${id}${one.title ? `  # ${one.title.replace(/\s+/g, " ")}` : ""}` : `-${id}`);
  }
  return `${lines.join("\n")}\n`;
}

function take(file) {
  marks = load();
  let taken = 0;
  const wrong = [];
  file.split(/\r\n|\r|\n/).forEach((line, at) => {
    const [said, title] = line.split(/#(.*)/s);
    const mark = said.trim();
    if (!mark) return;
    const id = mark.slice(1).trim();
    if (!/^[+-]/.test(mark) || !ID.test(id)) {
      wrong.push(at + 1);
      return;
    }
    taken += 1;
    if (mark[0] === "+") marks[id] = { ...marks[id], star: 1, ...(title?.trim() && !marks[id]?.title ? { title: title.trim() } : {}) };
    else marks[id] = { read: 1 };
  });
  const isKept = save();
  list();
  if (!isKept) return say("Nothing was taken in.");
  const lines = wrong.length ? ` Not understood: line${wrong.length > 1 ? "s" : ""} ${wrong.slice(0, 5).join(", ")}${wrong.length > 5 ? " …" : ""}.` : "";
  say(`${taken} mark${taken === 1 ? "" : "s"} taken in.${lines}`);
}

if (page) {
  page.hidden = false;
  list();
  document.getElementById("export").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([written()], { type: "text/plain" }));
    link.download = "marks.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  const chosen = document.getElementById("import");
  chosen.addEventListener("change", async () => {
    if (chosen.files.length) take(await chosen.files[0].text());
    chosen.value = "";
  });
  document.getElementById("forget").addEventListener("click", () => {
    if (!confirm("Remove all stars and read marks of this browser?")) return;
    marks = {};
    if (save()) say("All marks are removed.");
    list();
  });
}
