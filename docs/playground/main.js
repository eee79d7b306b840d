// main.js: the controls, and the loop that trains and draws.

class Playground {
  constructor(root, kernels, components) {
    Object.assign(this, { root, kernels, components, playing: false, frame: 0 });
    this.find = (name) => root.querySelector(`[data-pg="${name}"]`);
    this.hidden = [{ neurons: 4, activation: "tanh" }, { neurons: 3, activation: "tanh" }];
    this.surface = new Surface(this.find("surface"));
    this.curve = new Curve(this.find("curve"));
    this.graph = new Graph(this.find("graph"), this.find("tiles"), () => this.drawPanel());
    this.panel = new Panel(root, components);
    this.fillSelects();
    this.listen();
    this.colours = readColours(root);
    this.layersChanged();
    this.optimizerChanged();
    this.reset();
  }

  fillSelects() {
    const options = (entries) => entries.map(([name, title]) => `<option value="${name}">${title}</option>`).join("");
    const titles = (group) => Object.entries(this.components[group]).map(([name, { title }]) => [name, title]);
    this.find("data").innerHTML = options(Object.entries(DATA_SETS).map(([name, { title }]) => [name, title]));
    this.find("loss").innerHTML = options(titles("losses"));
    this.find("optimizer").innerHTML = options(titles("optimizers"));
    this.find("loss").value = "binary_cross_entropy";
    this.find("optimizer").value = "adam";
    this.activationOptions = options(titles("activations"));
    this.find("activation").innerHTML = `<option value="">each its own</option>${this.activationOptions}`;
  }

  listen() {
    const on = (name, event, action) => this.find(name).addEventListener(event, action);
    on("play", "click", () => this.play(!this.playing));
    on("step", "click", () => { this.play(false); this.network.step(); this.draw(); });
    on("reset", "click", () => { this.play(false); this.reset(); });
    for (const name of ["data", "noise", "seed", "batch", "rate", "loss"]) on(name, "change", () => this.reset());
    on("noise", "input", () => this.label());
    on("depth", "change", () => this.setDepth(+this.find("depth").value));
    on("activation", "change", () => {
      const { value } = this.find("activation");
      if (value) for (const layer of this.hidden) layer.activation = value;
      this.layersChanged();
      this.reset();
    });
    on("optimizer", "change", () => { this.optimizerChanged(); this.reset(); });
    on("hypers", "change", () => this.reset());
    on("sample", "input", () => this.drawPanel());
    new ResizeObserver(() => { this.graph.build(this.network); this.draw(); }).observe(this.find("network"));
    // Dark or light: the canvases are painted anew, all else follows by itself.
    const repaint = () => { this.colours = readColours(this.root); this.draw(); };
    new MutationObserver(repaint).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  setDepth(count) {
    while (this.hidden.length > count) this.hidden.pop();
    while (this.hidden.length < count) this.hidden.push({ neurons: 4, activation: "tanh", ...this.hidden.at(-1) });
    this.layersChanged();
    this.reset();
  }

  // The controls of each hidden layer.
  layersChanged() {
    const box = this.find("layers");
    box.innerHTML = this.hidden.map((_, l) => `<fieldset><legend>hidden ${l + 1}</legend>`
      + `<label><span>neurons</span><input type="number" min="1" max="8" step="1"></label>`
      + `<label><span>activation</span><select>${this.activationOptions}</select></label></fieldset>`).join("");
    [...box.children].forEach((field, l) => {
      const [neurons, activation] = field.querySelectorAll("input, select");
      neurons.value = this.hidden[l].neurons;
      activation.value = this.hidden[l].activation;
      neurons.addEventListener("change", () => {
        this.hidden[l].neurons = neurons.value = Math.min(Math.max(Math.round(+neurons.value) || 1, 1), 8);
        this.reset();
      });
      activation.addEventListener("change", () => {
        this.hidden[l].activation = activation.value;
        this.find("activation").value = this.common();
        this.reset();
      });
    });
    this.find("depth").value = this.hidden.length;
    this.find("activation").value = this.common();
  }

  // The activation of all layers, "" if they differ.
  common() {
    const names = new Set(this.hidden.map((layer) => layer.activation));
    return names.size === 1 ? [...names][0] : "";
  }

  // The settings of the chosen optimizer, as its class declares them.
  optimizerChanged() {
    const { hypers, rate } = this.components.optimizers[this.find("optimizer").value];
    this.find("rate").value = rate;
    this.find("hypers").innerHTML = hypers.map(({ name, kind, low, high, default: value }) => (kind === "bool"
      ? `<label class="pg-check"><input type="checkbox"${value ? " checked" : ""}><span>${name}</span></label>`
      : `<label><span>${name}</span>`
        + `<input type="number" step="any" value="${value}" min="${low}" max="${high}"></label>`)).join("");
  }

  // A number from its field; what is none, or out of bounds, becomes what it was or the nearest bound.
  value(field) {
    if (field.type === "checkbox") return field.checked ? 1 : 0;
    let value = field.value.trim() === "" ? NaN : +field.value;
    if (!Number.isFinite(value)) value = +field.defaultValue;
    if (field.min !== "") value = Math.max(value, +field.min);
    if (field.max !== "") value = Math.min(value, +field.max);
    field.value = value;
    return value;
  }

  // Begin anew with what the controls say.
  reset() {
    this.dataSet = this.find("data").value;
    const seed = Math.round(this.value(this.find("seed")));
    this.data = makeData(this.dataSet, this.value(this.find("noise")), seed);
    const hyper = [...this.find("hypers").querySelectorAll("input")].map((field) => this.value(field));
    const loss = this.components.losses[this.find("loss").value];
    this.network = new Network(this.kernels, this.components, {
      hidden: this.hidden.map((layer) => ({ ...layer })),
      loss: { name: loss.name, hyper: loss.defaults },
      optimizer: { name: this.find("optimizer").value, lr: this.value(this.find("rate")), hyper },
      batchSize: +this.find("batch").value || this.data.train.length,
      seed,
    }, this.data);
    this.graph.build(this.network);
    this.draw();
  }

  play(on) {
    this.playing = on;
    this.find("play").textContent = on ? "Pause" : "Play";
    this.find("play").setAttribute("aria-pressed", on);
    this.root.classList.toggle("pg-playing", on);
    if (on) requestAnimationFrame(() => this.tick());
    else this.draw();
  }

  tick() {
    if (!this.playing) return;
    const steps = +this.find("speed").value || Math.ceil(this.data.train.length / this.network.batchSize);
    for (let k = 0; k < steps && !this.network.lost; k++) this.network.step();
    if (this.network.lost) {
      this.play(false);
      return;
    }
    this.draw();
    requestAnimationFrame(() => this.tick());
  }

  draw() {
    this.label();
    this.surface.draw(this.network, this.dataSet, this.data, this.colours);
    this.graph.draw(this.dataSet, this.colours);
    this.curve.draw(this.network.curve);
    // Numbers that change sixty times a second cannot be read.
    this.frame += 1;
    if (!this.playing || this.frame % 12 === 0) this.drawPanel();
  }

  drawPanel() {
    this.panel.draw(this.network, this.graph.chosen);
  }

  label() {
    const { network } = this, { train, test } = network.curve.at(-1);
    this.find("epochs").textContent = network.epochs;
    this.find("steps").textContent = network.steps;
    this.find("train").textContent = show(train, 3);
    this.find("test").textContent = show(test, 3);
    this.find("noise-shown").textContent = this.find("noise").value;
    this.find("lost").hidden = !network.lost;
  }
}

const place = document.getElementById("pg-root");
const ROOT_URL = place.dataset.root;
window.playground = Kernels.load(BINARY).then((kernels) => new Playground(place, kernels, COMPONENTS));
window.playground.catch((error) => {
  const textContent = `The playground could not start: ${error.message}`;
  place.prepend(Object.assign(document.createElement("p"), { textContent }));
});
