// panel.js: the numbers behind what has been chosen in the graph, each with the row of the derivation that it is from.

class Panel {
  constructor(root, components) {
    const find = (name) => root.querySelector(`[data-pg="${name}"]`);
    Object.assign(this, { title: find("chosen"), when: find("when"), body: find("numbers"), sample: find("sample") });
    this.components = components;
    this.chooser = this.sample.closest("label");
  }

  draw(network, what) {
    const { layer, i, j } = what, n = network.batch.length, next = network.preview();
    this.network = network;
    this.sample.max = n;
    const s = Math.min(Math.max(Math.round(+this.sample.value) || 1, 1), n) - 1;
    this.chooser.hidden = what.kind === "weight";
    const neuron = neuronName(network, layer, j);
    const from = layer > 0 ? neuronName(network, layer - 1, i) : "";
    this.title.textContent = what.kind === "neuron" ? neuron : `weight from ${from} to ${neuron}`;
    this.when.textContent = `the numbers of step ${network.steps + 1}, which comes next`;
    if (what.kind === "weight") this.body.innerHTML = this.weight(layer - 1, i, j, next);
    else if (layer > 0) this.body.innerHTML = this.neuron(layer - 1, j, s, next);
    else this.body.innerHTML = `<p>${sub("x", s + 1, j + 1)} ${result("x", network.training.x[2 * s + j])}</p>`;
  }

  // What goes into a layer: the samples, or the outputs of the layer before.
  into(l) {
    return l === 0 ? this.network.training.x : this.network.training.layers[l - 1].y;
  }

  weight(l, i, j, next) {
    const { network } = this, { p, q, W, dW } = network.layers[l], { dz } = network.training.layers[l];
    const n = network.batch.length, x = this.into(l), at = i * q + j;
    const pairs = Array.from({ length: n }, (_, s) => [x[s * p + i], dz[s * q + j]]);
    const here = `${sub("dW", i + 1, j + 1)} = ${sumOfProducts(pairs)} ${result("dW", dW[at])}`;
    const lines = pairs.map(([a, b], s) => [a, b, a * b].reduce(
      (line, value) => `${line}<td>${number(value)}</td>`, `<th scope="row">${s + 1}</th>`));
    const names = ["sample", sub("x", i + 1), sub("dz", j + 1), "product"];
    const heads = names.map((head) => `<th scope="col">${head}</th>`);
    return `<p>${sub("W", i + 1, j + 1)} ${result("W", W[at])}</p>${row(this.components.dense[4], here)}`
      + `<details><summary>all ${n} samples of the batch</summary><div class="pg-scroll" tabindex="0"><table>`
      + `<thead><tr>${heads.join("")}</tr></thead><tbody><tr>${lines.join("</tr><tr>")}</tr></tbody>`
      + "</table></div></details>"
      + this.update(this.offset(l).W + at, next);
  }

  neuron(l, j, s, next) {
    const { network } = this, { p, q, W, b, db } = network.layers[l], pass = network.training.layers[l];
    const x = this.into(l), at = s * q + j, n = network.batch.length, name = network.activations[l];
    const [z, y, dy, dz] = [pass.z[at], pass.y[at], pass.dy[at], pass.dz[at]], { dense, activations } = this.components;
    const pairs = Array.from({ length: p }, (_, i) => [x[s * p + i], W[i * q + j]]), plus = ` + ${factor(b[j])}`;
    const parts = [row(dense[1], `${sub("z", s + 1, j + 1)} = ${sumOfProducts(pairs, plus)} ${result("z", z)}`)];
    if (name) {
      const { forward, backward, hypers, defaults } = activations[name], values = { z, ...named(hypers, defaults) };
      parts.push(this.filled(forward, values, { y }), this.fromAbove(l, j, s, dy));
      Object.assign(values, { y, dy });
      // What has been said on the way forward need not be said again.
      const seen = new Set(forward.map((entry) => entry.number));
      parts.push(this.filled(backward.filter((entry) => !seen.has(entry.number)), values, { dz }));
    } else parts.push(this.fromLoss(s, j, dy));
    const sum = Array.from({ length: n }, (_, k) => factor(pass.dz[k * q + j]));
    const few = n > 4 ? [...sum.slice(0, 3), "…", sum.at(-1)] : sum;
    parts.push(row(dense[5], `${sub("db", j + 1)} = ${few.join(" + ")} ${result("db", db[j])}`,
      `The sum of ${sub("dz", j + 1)} over the ${n} samples of the batch.`));
    return parts.join("") + this.update(this.offset(l).b + j, next);
  }

  // Rows with numbers in them. `values` begins with the letters that are known, and gets those that the rows define;
  // `given` are numbers that a kernel has computed, which stand before those of the formula.
  filled(entries, values, given, j = 0, count = 1) {
    return entries.map((entry) => {
      const { left, index, formula } = entry;
      let shown = given[left];
      // An equation in a notation that JavaScript lacks has no formula, and what builds on it no number.
      const complete = Object.keys(entry.letters).every((letter) => letter in values || letter === index);
      if (shown === undefined && formula && left && complete) {
        values[left] = index ? upTo(1, count).map((k) => formula(values, k)) : formula(values);
        shown = index ? values[left][j] : values[left];
      } else if (shown !== undefined && !(left in values)) values[left] = shown;
      return row(entry, `${substitute(entry, values, j)} ${shown === undefined ? "" : result(left, shown)}`);
    }).join("");
  }

  fromAbove(l, j, s, dy) {
    const above = this.network.layers[l + 1], { dz } = this.network.training.layers[l + 1];
    const pairs = Array.from({ length: above.q }, (_, k) => [dz[s * above.q + k], above.W[j * above.q + k]]);
    return row(this.components.dense[3], `${sub("dy", s + 1, j + 1)} = ${sumOfProducts(pairs)} ${result("dy", dy)}`,
      "What the next layer passes back: its <i>dx</i> is this layer's <i>dy</i>.");
  }

  fromLoss(s, j, dy) {
    const { network } = this, { loss } = network, n = network.batch.length;
    const label = Number(network.training.labels[s]);
    const y = Array.from(network.training.layers.at(-1).y.subarray(s * loss.outputs, (s + 1) * loss.outputs));
    const values = { y, t: loss.targets[label], m: loss.outputs, ...named(loss.hypers, loss.defaults) };
    return `<h4>The loss of a sample of class ${label}, target ${number(loss.targets[label][j])}</h4>`
      + this.filled(loss.rows, values, { dy: dy * n }, j, loss.outputs)
      + "<p class=\"pg-note\">The output layer has no activation: <i>z</i> = <i>y</i>. "
      + `The loss is the mean over ${n} samples, so each has a share of 1/${n}: <i>dz</i> = <i>dy</i> `
      + `${result("dy", dy)}</p>`;
  }

  // Where a layer's parameters begin among all of them.
  offset(l) {
    let W = 0;
    for (const { p, q } of this.network.layers.slice(0, l)) W += (p + 1) * q;
    return { W, b: W + this.network.layers[l].p * this.network.layers[l].q };
  }

  // The optimizer's rows for one parameter.
  update(at, next) {
    const { network } = this, { name, lr, hyper } = network.choice.optimizer;
    const optimizer = this.components.optimizers[name];
    const settings = named(optimizer.hypers, hyper), given = { w_new: next.w[at] };
    const values = { w: network.w[at], g: network.dw[at], lr, t: network.steps + 1, ...settings };
    optimizer.states.forEach((letter, k) => {
      values[letter] = network.state[k][at];
      given[`${letter}_new`] = next.state[k][at];
    });
    // The kernel of sgd does not keep the velocity of a momentum of 0: it is the gradient.
    if (settings.momentum === 0) delete given.v_new;
    const holds = ({ when }) => Object.entries(when).every(([key, value]) => settings[key] === value);
    const rows = optimizer.rows.filter(holds);
    // Four digits of both hide a small step.
    const change = number(next.w[at] - network.w[at]);
    const clock = rows.some(({ letters }) => "t" in letters) ? ", and <i>t</i> the number of the step" : "";
    return `<h4>The step that ${optimizer.title} makes with it</h4>${this.filled(rows, values, given)}`
      + `<p class="pg-note">So the parameter <i>w</i> moves by ${change}. <i>g</i> is its derivative, found above${clock}.</p>`;
  }
}

// Settings by their names, switches as true or false.
function named(hypers, values) {
  const value = (kind, number) => (kind === "bool" ? Boolean(number) : number);
  return Object.fromEntries(hypers.map(({ name, kind }, k) => [name, value(kind, values[k])]));
}
