// surface.js: colours, the decision surface with the points on it, and the small picture in each neuron.

// The page's colours for class 0, neither, and class 1, as numbers; they differ between light and dark.
function readColours(element) {
  const style = getComputedStyle(element);
  const rgb = (name) => style.getPropertyValue(name).match(/[0-9a-f]{2}/gi).map((digits) => parseInt(digits, 16));
  return { zero: rgb("--pg-zero"), middle: rgb("--pg-middle"), one: rgb("--pg-one") };
}

// Write the colour of a shade, -1 (surely class 0) to 1 (surely class 1), into the pixel at `at`.
function paint(pixels, at, shade, colours) {
  const end = shade < 0 ? colours.zero : colours.one, share = Math.min(Math.abs(shade), 1);
  for (let c = 0; c < 3; c++) pixels[at + c] = colours.middle[c] + share * (end[c] - colours.middle[c]);
  pixels[at + 3] = 255;
}

// A square grid of points over what a data set shows, row by row from the top.
function gridOver(dataSet, side) {
  const { reach, centre } = DATA_SETS[dataSet];
  const xs = new Float64Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    xs[2 * i] = centre[0] + reach * ((2 * (i % side) + 1) / side - 1);
    xs[2 * i + 1] = centre[1] - reach * ((2 * Math.floor(i / side) + 1) / side - 1);
  }
  return xs;
}

// How far the outputs speak for class 1: above 0 is yes.
function scoreOf(loss, y, i) {
  return loss.outputs === 2 ? y[2 * i + 1] - y[2 * i] : y[i] - loss.middle;
}

class Surface {
  constructor(canvas) {
    this.canvas = canvas;
    this.small = document.createElement("canvas");
    this.small.width = this.small.height = Surface.SIDE;
  }

  draw(network, dataSet, data, colours) {
    const side = Surface.SIDE, context = this.small.getContext("2d"), image = context.createImageData(side, side);
    const scores = new Float64Array(side * side), { loss } = network;
    lookAt(network, gridOver(dataSet, side), (layers, first, n) => {
      for (let i = 0; i < n; i++) scores[first + i] = scoreOf(loss, layers.at(-1).y, i);
    });
    // A probability where the loss has one; a number beside its target 0 or 1 where it has none.
    // Points must stand out from what is sure: it is painted in three quarters of their colour.
    const shade = (s) => 0.75 * (loss.smooth ? Math.tanh(s / 2) : Math.max(-1, Math.min(2 * s, 1)));
    scores.forEach((s, i) => paint(image.data, 4 * i, shade(s), colours));
    context.putImageData(image, 0, 0);
    const big = this.canvas.getContext("2d"), size = this.canvas.width;
    big.imageSmoothingQuality = "high";
    big.drawImage(this.small, 0, 0, size, size);
    this.border(big, scores, size / side);
    this.points(big, dataSet, data, colours, size);
  }

  // The line where the score is 0, in each square of four neighbours (W. E. Lorensen, H. E. Cline, 1987, in the plane).
  border(context, scores, step) {
    const side = Surface.SIDE;
    context.beginPath();
    for (let r = 0; r + 1 < side; r++) {
      for (let c = 0; c + 1 < side; c++) {
        const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
        const values = corners.map(([x, y]) => scores[y * side + x]);
        const cuts = [];
        for (let k = 0; k < 4; k++) {
          const [u, v] = [values[k], values[(k + 1) % 4]];
          if (u > 0 === v > 0) continue;
          const [a, b] = [corners[k], corners[(k + 1) % 4]], share = u / (u - v);
          cuts.push([a[0] + share * (b[0] - a[0]) + 0.5, a[1] + share * (b[1] - a[1]) + 0.5]);
        }
        for (let k = 0; k + 1 < cuts.length; k += 2) {
          context.moveTo(cuts[k][0] * step, cuts[k][1] * step);
          context.lineTo(cuts[k + 1][0] * step, cuts[k + 1][1] * step);
        }
      }
    }
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 2;
    context.stroke();
  }

  points(context, dataSet, data, colours, size) {
    const { reach, centre } = DATA_SETS[dataSet];
    const place = (x, c, sign) => (size * (1 + (sign * (x - c)) / reach)) / 2;
    const radius = data.train.length > 120 ? 4.5 : 5.5;
    // Points that were trained on are filled; those of the test are rings.
    for (const [points, filled] of [[data.test, false], [data.train, true]]) {
      for (const [a, b, label] of points) {
        context.beginPath();
        context.arc(place(a, centre[0], 1), place(b, centre[1], -1), radius, 0, 2 * Math.PI);
        const colour = `rgb(${label ? colours.one : colours.zero})`;
        context.fillStyle = filled ? colour : "#fff";
        context.strokeStyle = filled ? "#fff" : colour;
        context.lineWidth = filled ? 1.5 : 2.5;
        context.fill();
        context.stroke();
      }
    }
  }
}
Surface.SIDE = 64;

// What each neuron answers over the plane, from its lowest to its highest output, drawn on a canvas beneath the graph.
class Tiles {
  constructor(canvas) {
    this.canvas = canvas;
    this.small = document.createElement("canvas");
    this.small.width = this.small.height = Tiles.SIDE;
  }

  // places: for each layer, the inputs first, the [x, y] of its neurons' centres, in pixels of the page.
  draw(network, dataSet, places, half, colours) {
    const side = Tiles.SIDE, count = side * side, xs = gridOver(dataSet, side);
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingQuality = "high";
    const ratio = this.canvas.width / this.canvas.clientWidth || 1;
    lookAt(network, xs, (layers) => {
      [{ y: xs }, ...layers].forEach(({ y }, l) => {
        places[l].forEach(([cx, cy], j) => {
          const values = Array.from({ length: count }, (_, i) => y[i * places[l].length + j]);
          this.tile(values, colours);
          context.drawImage(this.small, (cx - half) * ratio, (cy - half) * ratio, 2 * half * ratio, 2 * half * ratio);
        });
      });
    });
  }

  tile(values, colours) {
    const low = Math.min(...values), high = Math.max(...values), wide = high - low || 1;
    const context = this.small.getContext("2d"), image = context.createImageData(Tiles.SIDE, Tiles.SIDE);
    values.forEach((value, i) => paint(image.data, 4 * i, (2 * (value - low)) / wide - 1, colours));
    context.putImageData(image, 0, 0);
  }
}
Tiles.SIDE = 20; // 400 points: one piece of lookAt
