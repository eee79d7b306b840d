// panel.js: the numbers behind what has been chosen in the graph: the rows of the derivation, filled in.

// A number in few characters; Infinity and NaN are words.
function show(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return String(+value.toPrecision(digits)).replace("-", "−");
  const [front, power] = value.toExponential(digits - 2).split("e");
  return `${front.replace("-", "−")}·10${[...String(+power)].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("")}`;
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
    const above = letter.parentElement, marked = ["msub", "msubsup", "mover"].includes(above.localName);
    if (marked && above.localName === "msub" && above.firstElementChild !== letter) continue; // an index
    if (!isRightSide(letter)) continue;
    // A letter with an index, or with a hat, is another letter than without; a power of it is not.
    const parts = marked && above.firstElementChild === letter ? [...above.children].slice(0, 2) : [letter];
    const key = plain(parts.map((part) => part.textContent).join(""));
    if (!(key in known)) continue;
    const whole = parts.length === 1 ? letter : above;
    const filled = numberInMath(known[key], whole);
    if (parts.length === 1) letter.replaceWith(filled);
    else if (above.localName === "msubsup") {
      const power = document.createElementNS(MATHML, "msup");
      power.append(filled, above.lastElementChild);
      above.replaceWith(power);
    } else above.replaceWith(filled);
  }
  // Between numbers a thin space no longer reads as a product.
  for (const space of template.content.querySelectorAll("mspace")) {
    if (!space.nextElementSibling || space.closest("mtable") && !space.previousElementSibling) continue;
    space.replaceWith(Object.assign(document.createElementNS(MATHML, "mo"), { textContent: "·" }));
  }
  return template.innerHTML;
}

const MATHML = "http://www.w3.org/1998/Math/MathML";

// A number in place of a letter, in parentheses where it would read wrong without them.
function numberInMath(value, place) {
  const text = show(value), template = document.createElement("template");
  const inside = place.previousElementSibling?.textContent === "(" && place.nextElementSibling?.textContent === ")";
  const alone = place.parentElement.localName === "mfrac" || place.parentElement.localName === "msqrt";
  const bare = inside || alone || !(text.startsWith("−") || (text.includes("·") && place.parentElement.localName === "msup"));
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
  const link = entry.href ? `<a class="pg-row-link" href="${ROOT_URL}${entry.href}">${name}</a>` : `<span>${name}</span>`;
  return `<div class="pg-row"><div class="pg-equation">${entry.math}</div>${link}<div class="pg-here">${here}</div>${
    note ? `<p class="pg-note">${note}</p>` : ""}</div>`;
}

class Panel {
  constructor(root, components) {
    const find = (name) => root.querySelector(`[data-pg="${name}"]`);
    Object.assign(this, { title: find("chosen"), body: find("numbers"), when: find("when"), sample: find("sample"), components });
    this.chooser = this.sample.closest("label");
  }

  draw(network, what) {
    const { layer, i, j } = what, n = network.batch.length, next = network.preview();
    this.network = network;
    this.sample.max = n;
    const s = Math.min(Math.max(Math.round(+this.sample.value) || 1, 1), n) - 1;
    this.chooser.hidden = what.kind === "weight";
    this.title.textContent = what.kind === "neuron" ? neuronName(network, layer, j)
      : `weight from ${neuronName(network, layer - 1, i)} to ${neuronName(network, layer, j)}`;
    this.when.textContent = `the numbers of step ${network.steps + 1}, which comes next`;
    this.body.innerHTML = what.kind === "weight" ? this.weight(layer - 1, i, j, next)
      : layer === 0 ? `<p>${sub("x", j + 1)} of sample ${s + 1} is ${number(network.training.x[2 * s + j])}. An input learns nothing.</p>`
        : this.neuron(layer - 1, j, s, next);
  }

  // What goes into a layer: the samples, or the outputs of the layer before.
  into(l) {
    return l === 0 ? this.network.training.x : this.network.training.layers[l - 1].y;
  }

  weight(l, i, j, next) {
    const { network } = this, { p, q, W, dW } = network.layers[l], { dz } = network.training.layers[l];
    const n = network.batch.length, x = this.into(l), at = i * q + j;
    const pairs = Array.from({ length: n }, (_, s) => [x[s * p + i], dz[s * q + j]]);
    const lines = pairs.map(([a, b], s) => `<tr><th scope="row">${s + 1}</th><td>${number(a)}</td><td>${number(b)}</td><td>${number(a * b)}</td></tr>`);
    const here = `${sub("dW", i + 1, j + 1)} = ${sumOfProducts(pairs)} = <b data-number="dW">${number(dW[at])}</b>`;
    const table = `<details><summary>all ${n} samples of the batch</summary><div class="pg-scroll" tabindex="0"><table><thead><tr>`
      + `<th scope="col">sample</th><th scope="col">${sub("x", i + 1)}</th><th scope="col">${sub("dz", j + 1)}</th>`
      + `<th scope="col">product</th></tr></thead><tbody>${lines.join("")}</tbody></table></div></details>`;
    return `<p>${sub("W", i + 1, j + 1)} = <b data-number="W">${number(W[at])}</b></p>`
      + row(this.components.dense[4], here) + table + this.update(this.offset(l).W + at, next);
  }

  neuron(l, j, s, next) {
    const { network } = this, { p, q, W, b, db } = network.layers[l], pass = network.training.layers[l];
    const x = this.into(l), at = s * q + j, n = network.batch.length, name = network.activations[l];
    const [z, y, dy, dz] = [pass.z[at], pass.y[at], pass.dy[at], pass.dz[at]], { dense, activations } = this.components;
    const pairs = Array.from({ length: p }, (_, i) => [x[s * p + i], W[i * q + j]]), plus = ` + ${factor(b[j])}`;
    const parts = [row(dense[1], `${sub("z", s + 1, j + 1)} = ${sumOfProducts(pairs, plus)} = <b data-number="z">${number(z)}</b>`)];
    if (name) {
      const { forward, backward, hypers, defaults } = activations[name], values = { z, ...named(hypers, defaults) };
      parts.push(this.filled(forward, values, { y }), this.fromAbove(l, j, s, dy));
      Object.assign(values, { y, dy });
      // What has been said on the way forward need not be said again.
      const seen = new Set(forward.map((entry) => entry.number));
      parts.push(this.filled(backward.filter((entry) => !seen.has(entry.number)), values, { dz }));
    } else parts.push(this.fromLoss(s, j, dy));
    const sum = Array.from({ length: n }, (_, k) => pass.dz[k * q + j]);
    const few = n > 4 ? [...sum.slice(0, 3).map(factor), "…", factor(sum.at(-1))] : sum.map(factor);
    parts.push(row(dense[5], `${sub("db", j + 1)} = ${few.join(" + ")} = <b data-number="db">${number(db[j])}</b>`,
      `The sum of ${sub("dz", j + 1)} over the ${n} samples of the batch.`));
    return parts.join("") + this.update(this.offset(l).b + j, next);
  }

  // Rows with numbers in them. `values` begins with the letters that are known, and gets those that the rows define;
  // `given` are numbers that a kernel has computed, which stand before those of the formula.
  filled(entries, values, given, j = 0, count = 1) {
    return entries.map((entry) => {
      const { left, index, formula } = entry;
      let shown = given[left];
      if (shown === undefined && formula && left) {
        values[left] = index ? upTo(1, count).map((k) => formula(values, k)) : formula(values);
        shown = index ? values[left][j] : values[left];
      } else if (shown !== undefined && !(left in values)) values[left] = shown;
      const result = shown === undefined ? "" : ` <span class="pg-result">= <b data-number="${left}">${number(shown)}</b></span>`;
      return row(entry, substitute(entry, values, j) + result);
    }).join("");
  }

  fromAbove(l, j, s, dy) {
    const above = this.network.layers[l + 1], { dz } = this.network.training.layers[l + 1];
    const pairs = Array.from({ length: above.q }, (_, k) => [dz[s * above.q + k], above.W[j * above.q + k]]);
    return row(this.components.dense[3], `${sub("dy", s + 1, j + 1)} = ${sumOfProducts(pairs)} = <b data-number="dy">${number(dy)}</b>`,
      "What the next layer passes back: its <i>dx</i> is this layer's <i>dy</i>.");
  }

  fromLoss(s, j, dy) {
    const { network } = this, { loss } = network, n = network.batch.length, label = Number(network.training.labels[s]);
    const y = Array.from(network.training.layers.at(-1).y.subarray(s * loss.outputs, (s + 1) * loss.outputs));
    const values = { y, t: loss.targets[label], m: loss.outputs, ...named(loss.hypers, loss.defaults) };
    return `<h4>The loss of a sample of class ${label}, target ${number(loss.targets[label][j])}</h4>`
      + this.filled(loss.rows, values, { dy: dy * n }, j, loss.outputs)
      + `<p class="pg-note">The output layer has no activation: <i>z</i> = <i>y</i>. The loss is the mean over ${n} samples, so `
      + `each has a share of 1/${n}: <i>dz</i> = <i>dy</i> = <b data-number="dy">${number(dy)}</b></p>`;
  }

  // Where a layer's parameters begin among all of them.
  offset(l) {
    let W = 0;
    for (const { p, q } of this.network.layers.slice(0, l)) W += (p + 1) * q;
    return { W, b: W + this.network.layers[l].p * this.network.layers[l].q };
  }

  // The optimizer's rows for one parameter.
  update(at, next) {
    const { network } = this, { name, lr, hyper } = network.choice.optimizer, optimizer = this.components.optimizers[name];
    const settings = named(optimizer.hypers, hyper), given = { w_new: next.w[at] };
    const values = { w: network.w[at], g: network.dw[at], lr, t: network.steps + 1, ...settings };
    optimizer.states.forEach((letter, k) => {
      values[letter] = network.state[k][at];
      given[`${letter}_new`] = next.state[k][at];
    });
    // The kernel of sgd does not keep the velocity of a momentum of 0: it is the gradient.
    if (settings.momentum === 0) delete given.v_new;
    const rows = optimizer.rows.filter(({ when }) => Object.entries(when).every(([key, value]) => settings[key] === value));
    return `<h4>The step that ${optimizer.title} makes with it</h4>${this.filled(rows, values, given)}`;
  }
}

// Settings by their names, switches as true or false.
function named(hypers, values) {
  return Object.fromEntries(hypers.map(({ name, kind }, k) => [name, kind === "bool" ? Boolean(values[k]) : values[k]]));
}
