// network.js: a network of dense layers and its training, step by step, all of it computed by pyfc's kernels.
//
// A step is made in two halves. prepare() runs the next batch forward and backward: from then on every number of the
// step can be looked at, z, y, dy, dz of each sample and dW, db. step() moves the parameters and prepares the next one.

// What one run through the network writes: for each layer z and y, and on the way back dz and dy.
class Pass {
  constructor(kernels, sizes, rows) {
    this.x = kernels.floats(rows * sizes[0]);
    this.layers = sizes.slice(1).map((size) => ({
      z: kernels.floats(rows * size), y: kernels.floats(rows * size),
      dy: kernels.floats(rows * size), dz: kernels.floats(rows * size),
    }));
    this.losses = kernels.floats(rows);
    this.share = kernels.floats(rows);
    this.t = kernels.floats(rows * sizes.at(-1));
    this.labels = kernels.labels(rows);
    this.n = 0;
  }
}

class Network {
  // choice: hidden: [{ neurons, activation }], loss: { name, hyper }, optimizer: { name, hyper, lr }, batchSize, seed
  constructor(kernels, components, choice, data) {
    kernels.forget();
    Object.assign(this, { kernels, components, choice, data });
    this.loss = components.losses[choice.loss.name];
    this.sizes = [2, ...choice.hidden.map((layer) => layer.neurons), this.loss.outputs];
    // As in a pyfc.Network, the layer before the loss has no activation.
    this.activations = [...choice.hidden.map((layer) => layer.activation), null];
    this.random = randomNumbers(choice.seed, 1);
    this.makeParameters();
    this.hyper = {
      loss: kernels.numbers(choice.loss.hyper), optimizer: kernels.numbers(choice.optimizer.hyper),
      layers: this.activations.map((name) => kernels.numbers(name ? components.activations[name].defaults : [])),
    };
    this.batchSize = Math.min(choice.batchSize, data.train.length);
    this.training = new Pass(kernels, this.sizes, this.batchSize);
    this.viewing = new Pass(kernels, this.sizes, VIEW_ROWS);
    this.steps = 0;
    this.epochs = 0;
    this.order = [];
    this.curve = [];
    this.measure();
    this.prepare();
  }

  // All parameters lie in one array, as in pyfc: an optimizer moves them in one call.
  makeParameters() {
    const { kernels, sizes } = this;
    const count = sizes.slice(1).reduce((sum, q, l) => sum + (sizes[l] + 1) * q, 0);
    this.w = kernels.floats(count);
    this.dw = kernels.floats(count);
    this.state = this.components.optimizers[this.choice.optimizer.name].states.map(() => kernels.floats(count));
    this.stateList = kernels.addresses(this.state);
    let at = 0;
    const part = (array, length) => array.subarray(at, at + length);
    this.layers = sizes.slice(1).map((q, l) => {
      const p = sizes[l], layer = { p, q };
      [layer.W, layer.dW] = [part(this.w, p * q), part(this.dw, p * q)];
      at += p * q;
      [layer.b, layer.db] = [part(this.w, q), part(this.dw, q)];
      at += q;
      const bound = Math.sqrt(6 / (p + q)); // glorot_uniform, the initialiser of pyfc.Dense; b begins at 0
      layer.W.forEach((_, i) => { layer.W[i] = bound * (2 * this.random() - 1); });
      return layer;
    });
  }

  forward(pass, n) {
    let x = pass.x;
    this.layers.forEach(({ p, q, W, b }, l) => {
      const { z, y } = pass.layers[l];
      this.kernels.denseForward(n, p, q, x, W, b, z);
      if (this.activations[l]) this.kernels.activationForward(this.activations[l], n, q, z, y, this.hyper.layers[l]);
      else y.set(z.subarray(0, n * q));
      x = y;
    });
    pass.n = n;
    return x;
  }

  fill(pass, points) {
    const { targets, outputs } = this.loss;
    points.forEach(([a, b, label], i) => {
      pass.x[2 * i] = a;
      pass.x[2 * i + 1] = b;
      pass.labels[i] = BigInt(label);
      pass.t.set(targets[label], i * outputs);
    });
  }

  // Fill the losses of a pass that has been forward, and return their mean.
  lossOf(pass) {
    const { loss } = this, y = pass.layers.at(-1).y;
    const target = loss.labels ? [null, pass.labels] : [pass.t, null];
    this.kernels.lossForward(loss.name, pass.n, loss.outputs, y, ...target, pass.losses, this.hyper.loss);
    return pass.losses.subarray(0, pass.n).reduce((sum, l) => sum + l, 0) / pass.n;
  }

  meanLoss(points) {
    this.fill(this.viewing, points);
    this.forward(this.viewing, points.length);
    return this.lossOf(this.viewing);
  }

  // Add to the curve.
  measure() {
    const { train, test } = this.data;
    this.curve.push({ epoch: this.epochs, train: this.meanLoss(train), test: this.meanLoss(test) });
  }

  backward(pass) {
    const { kernels, loss } = this, n = pass.n, last = pass.layers.at(-1);
    const target = loss.labels ? [null, pass.labels] : [pass.t, null];
    pass.share.fill(1 / n);
    kernels.lossBackward(loss.name, n, loss.outputs, last.y, ...target, pass.share, last.dy, this.hyper.loss);
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { p, q, W, dW, db } = this.layers[l], { z, y, dy, dz } = pass.layers[l];
      const name = this.activations[l];
      if (name) kernels.activationBackward(name, n, q, z, y, dy, dz, this.hyper.layers[l]);
      else dz.set(dy.subarray(0, n * q));
      const below = l > 0 ? pass.layers[l - 1] : null;
      kernels.denseBackward(n, p, q, dz, below ? below.y : pass.x, W, below && below.dy, dW, db);
    }
  }

  // Take the next batch, in a new order of the samples after each epoch.
  prepare() {
    if (this.order.length === 0) this.order = shuffle(this.data.train.map((_, i) => i), this.random);
    this.batch = this.order.splice(0, this.batchSize);
    this.fill(this.training, this.batch.map((i) => this.data.train[i]));
    this.forward(this.training, this.batch.length);
    this.batchLoss = this.lossOf(this.training);
    this.backward(this.training);
  }

  step() {
    const { name, lr } = this.choice.optimizer;
    this.steps += 1;
    this.kernels.update(name, this.w, this.dw, this.stateList, lr, this.steps, this.hyper.optimizer);
    if (this.order.length === 0) {
      this.epochs += 1;
      this.measure();
    }
    this.prepare();
  }

  // Where the next step will lead, computed by the same kernel on copies.
  preview() {
    const { kernels } = this, { name, lr } = this.choice.optimizer;
    const kept = kernels.free;
    const w = kernels.numbers(this.w), state = this.state.map((array) => kernels.numbers(array));
    kernels.update(name, w, this.dw, kernels.addresses(state), lr, this.steps + 1, this.hyper.optimizer);
    const result = { w: Array.from(w), state: state.map((array) => Array.from(array)) };
    kernels.free = kept;
    return result;
  }

  // Whether the training has run away: a rate that is too high for this optimizer.
  get lost() {
    return !Number.isFinite(this.curve.at(-1).train) || !Number.isFinite(this.batchLoss);
  }
}

const VIEW_ROWS = 512; // rows that are looked at in one go, at least as many as a data set has points

// Return the outputs of all neurons at points in the plane, [layer][row * neurons + neuron], in pieces of VIEW_ROWS.
function lookAt(network, xs, visit) {
  const rows = xs.length / 2;
  for (let first = 0; first < rows; first += VIEW_ROWS) {
    const n = Math.min(VIEW_ROWS, rows - first);
    network.viewing.x.set(xs.subarray(2 * first, 2 * (first + n)));
    network.forward(network.viewing, n);
    visit(network.viewing.layers, first, n);
  }
}
