// rows.js: numbers as text, and rows of derivations with numbers in the place of letters.

// A number in few characters; Infinity and NaN are words.
function show(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return String(+value.toPrecision(digits)).replace("-", "−");
  const [front, power] = value.toExponential(digits - 2).split("e");
  const raised = [...String(+power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻");
  return `${front.replace("-", "−")}·10${raised.join("")}`;
}

// The same for the page, with all digits for those who look closer.
const number = (value) => `<data value="${value}" title="${value}">${show(value)}</data>`;
const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));
const sub = (letter, ...indices) => `<i>${letter}</i><sub>${indices.join(",")}</sub>`;

// A sum of products, a few of its terms written out.
function sumOfProducts(pairs, rest = "") {
  const few = pairs.length > 4 ? [...pairs.slice(0, 3), null, pairs.at(-1)] : pairs;
  return few.map((pair) => (pair ? `${factor(pair[0])}&nbsp;·&nbsp;${factor(pair[1])}` : "…")).join(" + ") + rest;
}

// 1 minus the error function, for the formulas: Math has none (M. Abramowitz, I. A. Stegun, 1964, 7.1.5 and 7.1.14).
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  const scale = 1 / Math.sqrt(Math.PI);
  if (x < 2) {
    let term = x, sum = x;
    for (let n = 1; n < 60; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
    return 1 - 2 * scale * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return (scale * Math.exp(-x * x)) / fraction;
}

// The whole numbers from first to last, for the formulas.
const upTo = (first, last) => Array.from({ length: last - first + 1 }, (_, k) => first + k);

const plain = (text) => text.replace(/\s+/g, "").normalize("NFKC");

// The equation of a row with numbers for the letters on its right side. An array stands for a letter with an index, of
// which entry j is shown.
function substitute(entry, values, j = 0) {
  const known = {};
  for (const [letter, symbol] of Object.entries(entry.letters)) {
    const value = values[letter];
    if (Array.isArray(value)) known[plain(symbol) + entry.index] = value[j];
    else if (typeof value === "number") known[plain(symbol)] = value;
  }
  const template = document.createElement("template");
  template.innerHTML = entry.math;
  for (const letter of template.content.querySelectorAll("mi")) {
    const above = letter.parentElement, leads = above.firstElementChild === letter;
    if ((above.localName === "msub" && !leads) || !isRightSide(letter)) continue; // an index, or what is defined
    // A letter with an index, or with a hat, is another letter than without; a power of it is not.
    const marked = leads && ["msub", "msubsup", "mover"].includes(above.localName);
    const key = plain(marked ? letter.textContent + above.children[1].textContent : letter.textContent);
    if (!(key in known)) continue;
    const place = marked ? above : letter, filled = numberInMath(known[key], place);
    if (place.localName === "msubsup") {
      const power = document.createElementNS(MATHML, "msup");
      power.append(filled, place.lastElementChild);
      place.replaceWith(power);
    } else place.replaceWith(filled);
  }
  // Between numbers a thin space no longer reads as a product.
  for (const space of template.content.querySelectorAll("mspace")) {
    if (!space.previousElementSibling || !space.nextElementSibling) continue;
    space.replaceWith(Object.assign(document.createElementNS(MATHML, "mo"), { textContent: "·" }));
  }
  return template.innerHTML;
}

const MATHML = "http://www.w3.org/1998/Math/MathML";

// A number in place of a letter, in parentheses where it would read wrong without them.
function numberInMath(value, place) {
  const text = show(value), around = place.parentElement.localName, template = document.createElement("template");
  const inside = place.previousElementSibling?.textContent === "(" && place.nextElementSibling?.textContent === ")";
  const raised = place.localName === "msubsup" || (around === "msup" && !place.previousElementSibling);
  const wordy = text.startsWith("−") || (raised && text.includes("·"));
  const bare = inside || ["mfrac", "msqrt"].includes(around) || !wordy;
  const sign = (letter) => (bare ? "" : `<mo stretchy="false">${letter}</mo>`);
  template.innerHTML = `<math><mrow class="pg-filled">${sign("(")}<mn>${text}</mn>${sign(")")}</mrow></math>`;
  return template.content.firstElementChild.firstElementChild;
}

// Whether an "=" stands before it at the top of the equation.
function isRightSide(element) {
  let top = element;
  while (top.parentElement && top.parentElement.localName !== "math") top = top.parentElement;
  for (let before = top.previousElementSibling; before; before = before.previousElementSibling) {
    if (before.localName === "mo" && before.textContent.trim() === "=") return true;
  }
  return false;
}

// One row: its equation as the book has it with a link to it, and what it says here.
function row(entry, here, note = "") {
  const name = `${entry.title} (${entry.number})`;
  const address = entry.href ? ` href="${ROOT_URL}${entry.href}"` : "";
  const link = `<a class="pg-row-link"${address}>${name}</a>`;
  const remark = note ? `<p class="pg-note">${note}</p>` : "";
  const equation = `<div class="pg-equation">${entry.math}</div>`;
  return `<div class="pg-row">${equation}${link}<div class="pg-here">${here}</div>${remark}</div>`;
}

// What a row comes to; `letter` says which number it is.
const result = (letter, value) => `= <b data-number="${letter}">${number(value)}</b>`;
