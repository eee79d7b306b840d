// graph.js: the network as a graph. Neurons and weights can be chosen, with the mouse, a finger or the keys.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, parent) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (parent) parent.append(element);
  return element;
}

// What is chosen is { kind: "neuron", layer, j } or { kind: "weight", layer, i, j }. Layer 0 holds the inputs; the
// weight from neuron i of the layer before to neuron j of `layer` is W[i, j]. Counting begins at 0; on the page at 1.
const keyOf = ({ kind, layer, i, j }) => `${kind} ${layer} ${i ?? ""} ${j}`;

function neuronName(network, layer, j) {
  const last = network.sizes.length - 1;
  if (layer === 0) return `input x${j + 1}`;
  return layer === last ? `output ${j + 1}` : `neuron ${j + 1} of hidden layer ${layer}`;
}

class Graph {
  constructor(element, canvas, onChoose) {
    Object.assign(this, { element, onChoose, tiles: new Tiles(canvas), canvas, chosen: null, items: new Map() });
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("click", (event) => {
      const target = event.target.closest("[data-key]");
      if (target) this.choose(this.items.get(target.dataset.key).what, true);
    });
  }

  // Lay out a network anew: as wide as the page gives, as high as the largest layer needs.
  build(network) {
    this.network = network;
    const { sizes } = network, most = Math.max(...sizes);
    const width = Math.max(this.element.parentElement.clientWidth, 280), gap = Math.min(Math.max(340 / most, 42), 68);
    const height = Math.max(most * gap + 30, 200), half = Math.min(24, gap / 2 - 5, width / sizes.length / 4.5);
    this.half = half;
    const column = (l) => half + 6 + (l * (width - 2 * half - 12)) / (sizes.length - 1);
    const rise = (height - 24) / 2 + 24;
    this.places = sizes.map((size, l) => Array.from({ length: size }, (_, j) => [
      column(l), rise + (j - (size - 1) / 2) * gap,
    ]));
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    Object.assign(this.element.style, { width: `${width}px`, height: `${height}px` });
    this.element.replaceChildren();
    this.items.clear();
    sizes.forEach((_, l) => {
      const name = l === 0 ? "input" : l === sizes.length - 1 ? "output" : `hidden ${l}`;
      const anchor = l === 0 ? "start" : l === sizes.length - 1 ? "end" : "middle";
      const x = l === 0 ? 0 : l === sizes.length - 1 ? width : column(l);
      svg("text", { x, y: 12, "text-anchor": anchor, class: "pg-layer" }, this.element).textContent = name;
    });
    for (let layer = 1; layer < sizes.length; layer++) this.edges(layer);
    sizes.forEach((size, layer) => {
      for (let j = 0; j < size; j++) this.neuron(layer, j);
    });
    const first = { kind: "weight", layer: 1, i: 0, j: 0 };
    this.choose(this.chosen && this.items.has(keyOf(this.chosen)) ? this.chosen : first, false);
  }

  edges(layer) {
    this.places[layer - 1].forEach(([x, y], i) => {
      this.places[layer].forEach(([u, v], j) => {
        const [a, b] = [x + this.half, u - this.half], m = (a + b) / 2;
        const d = `M${a} ${y}C${m} ${y} ${m} ${v} ${b} ${v}`;
        const item = this.add({ kind: "weight", layer, i, j });
        svg("path", { d, class: "pg-hit" }, item.group);
        item.line = svg("path", { d, class: "pg-line" }, item.group);
      });
    });
  }

  neuron(layer, j) {
    const [x, y] = this.places[layer][j], { half } = this;
    const item = this.add({ kind: "neuron", layer, j });
    svg("rect", { x: x - half, y: y - half, width: 2 * half, height: 2 * half, rx: 5, class: "pg-box" }, item.group);
  }

  add(what) {
    const key = keyOf(what);
    const group = svg("g", { role: "button", tabindex: -1, "data-key": key, class: `pg-${what.kind}` }, this.element);
    const item = { what, group };
    this.items.set(key, item);
    return item;
  }

  choose(what, tell) {
    for (const item of this.items.values()) {
      const here = keyOf(item.what) === keyOf(what);
      item.group.setAttribute("aria-pressed", here);
      item.group.classList.toggle("pg-chosen", here);
      // One of them is reached by Tab; the arrow keys go on from there.
      item.group.setAttribute("tabindex", here ? 0 : -1);
    }
    this.chosen = what;
    if (tell) this.onChoose(what);
  }

  key(event) {
    const item = this.items.get(event.target.dataset.key);
    if (!item) return;
    if (event.key === "Enter" || event.key === " ") this.choose(item.what, true);
    else if (event.key.startsWith("Arrow")) this.focus(this.neighbour(item.what, event.key.slice(5)));
    else return;
    event.preventDefault();
    event.stopPropagation(); // the book's own arrow keys turn its pages
  }

  // Up and down go through a layer's neurons, or through the weights into one layer; left and right from a neuron to
  // one of its weights and on to the neuron at its other end.
  neighbour(what, way) {
    const { sizes } = this.network, { kind, layer, i, j } = what;
    const step = { Up: -1, Down: 1 }[way];
    if (kind === "neuron") {
      if (step) return { kind, layer, j: (j + step + sizes[layer]) % sizes[layer] };
      if (way === "Right" && layer < sizes.length - 1) return { kind: "weight", layer: layer + 1, i: j, j: 0 };
      if (way === "Left" && layer > 0) return { kind: "weight", layer, i: 0, j };
      return what;
    }
    if (way === "Right") return { kind: "neuron", layer, j };
    if (way === "Left") return { kind: "neuron", layer: layer - 1, j: i };
    const [count, q] = [sizes[layer - 1] * sizes[layer], sizes[layer]], next = (i * q + j + step + count) % count;
    return { kind, layer, i: Math.floor(next / q), j: next % q };
  }

  focus(what) {
    const from = this.element.querySelector('[tabindex="0"]'), to = this.items.get(keyOf(what)).group;
    if (from) from.setAttribute("tabindex", -1);
    to.setAttribute("tabindex", 0);
    to.focus();
  }

  // Bring sign and size of the weights up to date, and the pictures in the neurons.
  draw(dataSet, colours) {
    const { network } = this;
    const largest = Math.max(...network.layers.flatMap(({ W }) => Array.from(W, Math.abs)), 1e-9);
    for (const { what, group, line } of this.items.values()) {
      if (what.kind === "neuron") {
        group.setAttribute("aria-label", neuronName(network, what.layer, what.j));
        continue;
      }
      const w = network.layers[what.layer - 1].W[what.i * network.sizes[what.layer] + what.j];
      line.setAttribute("stroke-width", (0.6 + 6 * Math.sqrt(Math.abs(w) / largest)).toFixed(2));
      line.classList.toggle("pg-negative", w < 0);
      const ends = [neuronName(network, what.layer - 1, what.i), neuronName(network, what.layer, what.j)];
      group.setAttribute("aria-label", `weight from ${ends[0]} to ${ends[1]}: ${show(w)}`);
    }
    this.tiles.draw(network, dataSet, this.places, this.half, colours);
  }
}
