// kernels.js: pyfc's compiled kernels, called from JavaScript.
//
// The kernels work on arrays in the memory of the WebAssembly module. A Float64Array that lies there knows its own
// address (`byteOffset`), so the functions below take such arrays and hand on the addresses.

class Kernels {
  static async load(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    // What a kernel needs of the C library it gets from Math: see wasm32.h.
    const { instance } = await WebAssembly.instantiate(bytes, { Math });
    return new Kernels(instance.exports);
  }

  constructor(exports) {
    this.functions = exports;
    exports.__wasm_call_ctors();
    // Growing memory takes the arrays away that lie in it. So it grows once, to more than any network here needs.
    exports.memory.grow(128); // pages of 64 kB
    this.shapeAt = Math.ceil(exports.heap() / 64) * 64;
    this.shape = new BigInt64Array(exports.memory.buffer, this.shapeAt, 4);
    this.forget();
  }

  // Give all arrays free, for a new network.
  forget() {
    this.free = this.shapeAt + 64;
  }

  // Return a new array of zeros.
  floats(length) {
    const array = new Float64Array(this.functions.memory.buffer, this.free, length);
    this.free += Math.ceil((length * 8) / 64) * 64;
    return array.fill(0);
  }

  labels(length) {
    const array = new BigInt64Array(this.functions.memory.buffer, this.free, length);
    this.free += length * 8;
    return array.fill(0n);
  }

  // The calls, named as in pyfc: rows and cols are those of z (activation) or of y (loss).

  denseForward(n, p, q, X, W, b, Z) {
    this.functions.dense_forward(n, p, q, X.byteOffset, W.byteOffset, b.byteOffset, Z.byteOffset);
  }

  denseBackward(n, p, q, dZ, X, W, dX, dW, db) {
    const f = this.functions;
    f.dense_backward_w(n, p, q, dZ.byteOffset, X.byteOffset, dW.byteOffset);
    f.dense_backward_b(n, q, dZ.byteOffset, db.byteOffset);
    if (dX) f.dense_backward_x(n, p, q, dZ.byteOffset, W.byteOffset, dX.byteOffset);
  }

  activationForward(name, rows, cols, z, y, hyper) {
    const kernel = this.functions[`activations_${name}_forward`];
    this.check(name, kernel(this.shaped(rows, cols), z.byteOffset, y.byteOffset, 0, hyper.byteOffset));
  }

  activationBackward(name, rows, cols, z, y, dy, dz, hyper) {
    const kernel = this.functions[`activations_${name}_backward`];
    const arrays = [z, y, dy, dz].map((array) => array.byteOffset);
    this.check(name, kernel(this.shaped(rows, cols), ...arrays, 0, 0, hyper.byteOffset));
  }

  // Of targets t and labels one is null, as the loss takes the one or the other.
  lossForward(name, rows, cols, y, t, labels, loss, hyper) {
    const kernel = this.functions[`losses_${name}_forward`];
    const arrays = [y, t, labels, loss, hyper].map((array) => (array ? array.byteOffset : 0));
    this.check(name, kernel(this.shaped(rows, cols), ...arrays));
  }

  lossBackward(name, rows, cols, y, t, labels, scale, dy, hyper) {
    const kernel = this.functions[`losses_${name}_backward`];
    const arrays = [y, t, labels, scale, dy, hyper].map((array) => (array ? array.byteOffset : 0));
    this.check(name, kernel(this.shaped(rows, cols), ...arrays));
  }

  // state: an array of addresses, as C has it, made by addresses().
  update(name, w, dw, state, lr, step, hyper) {
    const kernel = this.functions[`optimizers_${name}_update`];
    const status = kernel(w.length, w.byteOffset, dw.byteOffset, state.byteOffset, lr, step, hyper.byteOffset);
    this.check(name, status);
  }

  addresses(arrays) {
    const list = new Uint32Array(this.functions.memory.buffer, this.free, 16);
    this.free += 64;
    arrays.forEach((array, i) => { list[i] = array.byteOffset; });
    return list;
  }

  numbers(values) {
    const array = this.floats(Math.max(values.length, 1));
    array.set(values);
    return array;
  }

  shaped(rows, cols) {
    this.shape.set([BigInt(rows), BigInt(cols), BigInt(cols), 0n]);
    return this.shapeAt;
  }

  check(name, status) {
    if (status !== 0) throw new Error(`the kernel of ${name} returned status ${status}: expected 0`);
  }
}
