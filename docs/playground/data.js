// data.js: the data sets, by the formulas of pyfc.datasets, and random numbers that a seed determines.

// A generator of numbers in [0, 1): a 32-bit counter that is hashed. Small, and good enough for points and weights.
// Those that share a seed take different streams: else the weights would be made of the numbers that the points are.
function randomNumbers(seed, stream) {
  let counter = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream, 0x85ebca6b);
  return () => {
    counter = (counter + 0x6d2b79f5) | 0;
    let bits = Math.imul(counter ^ (counter >>> 15), counter | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

// A number from the normal distribution (G. E. P. Box, M. E. Muller, 1958).
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function shuffle(array, random) {
  for (let i = array.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [array[i], array[j]] = [array[j], array[i]];
  }
  return array;
}

// Each returns points [x1, x2, class] without noise; `reach` is half the side of the square that is shown.
const DATA_SETS = {
  circle: {
    title: "circle", reach: 2.4, centre: [0, 0],
    points() {
      const axis = Array.from({ length: 11 }, (_, i) => (i - 5) / 2.5);
      return axis.flatMap((a) => axis.map((b) => [a, b, a * a + b * b < 1 ? 1 : 0]));
    },
  },
  xor: {
    title: "xor", reach: 1.2, centre: [0, 0],
    points(random) {
      return Array.from({ length: 200 }, () => {
        const [a, b] = [2 * random() - 1, 2 * random() - 1];
        return [a, b, a * b < 0 ? 1 : 0];
      });
    },
  },
  moons: {
    title: "moons", reach: 1.8, centre: [0.5, 0.25],
    points() {
      const angles = Array.from({ length: 100 }, (_, i) => (i * Math.PI) / 99);
      const upper = angles.map((a) => [Math.cos(a), Math.sin(a), 0]);
      return [...upper, ...angles.map((a) => [1 - Math.cos(a), 0.5 - Math.sin(a), 1])];
    },
  },
  spirals: {
    title: "spirals", reach: 1.2, centre: [0, 0],
    points() {
      const spiral = (label) => Array.from({ length: 150 }, (_, i) => {
        const r = (i + 1) / 150, angle = 2 * Math.PI * (1.5 * r + label / 2);
        return [r * Math.cos(angle), r * Math.sin(angle), label];
      });
      return [...spiral(0), ...spiral(1)];
    },
  },
};

// Return { train, test }: points with noise, seven tenths of them to train on.
function makeData(name, noise, seed) {
  const random = randomNumbers(seed, 0);
  const clean = DATA_SETS[name].points(random);
  const points = clean.map(([a, b, label]) => [a + noise * normal(random), b + noise * normal(random), label]);
  shuffle(points, random);
  const count = Math.round(0.7 * points.length);
  return { train: points.slice(0, count), test: points.slice(count) };
}
