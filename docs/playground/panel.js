// panel.js: the numbers behind what has been chosen in the graph: the rows of the derivation, filled in.

// A number in few characters; Infinity and NaN are words.
function show(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(digits - 2) : String(+value.toPrecision(digits));
  return text.replaceAll("-", "−");
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

// The equation of a row with numbers for the letters that are known.
function substitute(math, values) {
  const template = document.createElement("template");
  template.innerHTML = math;
  for (const letter of template.content.querySelectorAll("mi")) {
    const above = letter.parentElement;
    const indexed = above && above.localName === "msub" && above.firstElementChild === letter;
    if (above && above.localName === "msub" && !indexed) continue;
    if (above && above.localName === "mover") continue; // a letter with a hat is another one
    const whole = indexed ? above : letter;
    const key = whole.textContent.replace(/\s+/g, "").normalize("NFKC");
    // The sides of an equation stay apart: what it defines keeps its name.
    if (!(key in values) || !isRightSide(whole)) continue;
    const text = show(values[key]), minus = text.startsWith("−") ? ["<mo stretchy='false'>(</mo>", "<mo stretchy='false'>)</mo>"] : ["", ""];
    const replaced = document.createElement("template");
    replaced.innerHTML = `<math><mrow class="pg-filled">${minus[0]}<mn>${text}</mn>${minus[1]}</mrow></math>`;
    whole.replaceWith(replaced.content.firstElementChild.firstElementChild);
  }
  // Between numbers a thin space no longer reads as a product.
  for (const space of template.content.querySelectorAll("mspace")) {
    const dot = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mo");
    dot.textContent = "·";
    space.replaceWith(dot);
  }
  return template.innerHTML;
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
  const link = `<a class="pg-row-link" href="${ROOT_URL}${entry.href}">${entry.title} (${entry.number})</a>`;
  return `<div class="pg-row"><div class="pg-equation">${entry.math}</div>${link}<div class="pg-here">${here}</div>${
    note ? `<p class="pg-note">${note}</p>` : ""}</div>`;
}

class Panel {
  constructor(root, components) {
    const find = (name) => root.querySelector(`[data-pg="${name}"]`);
    Object.assign(this, { title: find("chosen"), body: find("numbers"), sample: find("sample"), components });
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
    this.body.innerHTML = what.kind === "weight" ? this.weight(layer - 1, i, j, next)
      : layer === 0 ? `<p>${sub("x", j + 1)} of sample ${s + 1} is ${number(network.training.x[2 * s + j])}. An input has nothing to learn.</p>`
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
    const [z, y, dy, dz] = [pass.z[at], pass.y[at], pass.dy[at], pass.dz[at]];
    const pairs = Array.from({ length: p }, (_, i) => [x[s * p + i], W[i * q + j]]);
    const plus = ` + ${factor(b[j])}`;
    const parts = [row(this.components.dense[1], `${sub("z", s + 1, j + 1)} = ${sumOfProducts(pairs, plus)} = <b data-number="z">${number(z)}</b>`)];
    const last = l === network.layers.length - 1;
    if (name) parts.push(this.filled(this.components.activations[name].forward, name, { z, y, dy }, "y", y));
    parts.push(last ? this.fromLoss(s, j, y, dy) : this.fromAbove(l, j, s, dy));
    if (name) parts.push(this.filled(this.components.activations[name].backward, name, { z, y, dy }, "dz", dz));
    const sum = Array.from({ length: n }, (_, k) => pass.dz[k * q + j]);
    const few = n > 4 ? [...sum.slice(0, 3).map(factor), "…", factor(sum.at(-1))] : sum.map(factor);
    parts.push(row(this.components.dense[5], `${sub("db", j + 1)} = ${few.join(" + ")} = <b data-number="db">${number(db[j])}</b>`,
      `The sum of ${sub("dz", j + 1)} over the ${n} samples of the batch.`));
    return parts.join("") + this.update(this.offset(l).b + j, next);
  }

  // A row of an activation with this neuron's numbers in it.
  filled(entry, name, values, letter, result) {
    const { hypers } = this.components.activations[name];
    const known = { ...values, ...Object.fromEntries(hypers.map((hyper) => [hyper.symbol, hyper.default])) };
    return row(entry, `${substitute(entry.math, known)} <span class="pg-result">= <b data-number="${letter}">${number(result)}</b></span>`,
      entry.first ? "" : "The letters beside z, y and dy stand in the rows before it.");
  }

  fromAbove(l, j, s, dy) {
    const above = this.network.layers[l + 1], { dz } = this.network.training.layers[l + 1];
    const pairs = Array.from({ length: above.q }, (_, k) => [dz[s * above.q + k], above.W[j * above.q + k]]);
    return row(this.components.dense[3], `${sub("dy", s + 1, j + 1)} = ${sumOfProducts(pairs)} = <b data-number="dy">${number(dy)}</b>`,
      "What the next layer passes back: its <i>dx</i> is this layer's <i>dy</i>.");
  }

  fromLoss(s, j, y, dy) {
    const { network } = this, { loss } = network, n = network.batch.length, label = Number(network.training.labels[s]);
    const t = loss.targets[label][j];
    const known = { yj: y, tj: t, m: loss.outputs, ...Object.fromEntries(loss.hypers.map((h) => [h.symbol, h.default])) };
    return row(loss.row, `${substitute(loss.row.math, known)} <span class="pg-result">= ${number(dy * n)}</span>`,
      `The output layer has no activation: <i>y</i> = <i>z</i>. The sample is of class ${label}, its target ${number(t)}. The loss is the `
      + `mean over ${n} samples, so each has a share of 1/${n}: <i>dy</i> = <b data-number="dy">${number(dy)}</b>`);
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
    const known = { w: network.w[at], g: network.dw[at], lr, t: network.steps + 1, wnew: next.w[at] };
    optimizer.hypers.forEach(({ symbol }, k) => { known[symbol] = hyper[k]; });
    optimizer.states.forEach((letter, k) => {
      known[letter] = network.state[k][at];
      known[`${letter}new`] = next.state[k][at];
    });
    // A kernel need not keep the velocity of a momentum of 0: it is the gradient itself.
    if (name === "sgd" && known.momentum === 0) Object.assign(known, { v: 0, vnew: known.g });
    const settings = Object.fromEntries(optimizer.hypers.map((h, k) => [h.name, h.kind === "bool" ? Boolean(hyper[k]) : hyper[k]]));
    const rows = optimizer.rows.filter(({ when }) => Object.entries(when).every(([key, value]) => settings[key] === value));
    const left = { ...known };
    return `<h4>The step that ${optimizer.title} makes with it</h4>` + rows.map((entry) => {
      const result = entry.left in left ? ` <span class="pg-result">= <b data-number="${entry.left}">${number(left[entry.left])}</b></span>` : "";
      return row(entry, substitute(entry.math, known) + result);
    }).join("");
  }
}
