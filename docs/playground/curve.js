// curve.js: the loss over the epochs, of the points that are trained on and of those that are not.

class Curve {
  constructor(element) {
    this.element = element;
  }

  draw(curve) {
    const [width, height, left, bottom, top] = [320, 150, 40, 22, 8];
    const thin = Math.ceil(curve.length / 300); // more points than pixels help nobody
    const shown = curve.filter((_, i) => i % thin === 0 || i === curve.length - 1);
    const finite = shown.flatMap(({ train, test }) => [train, test]).filter(Number.isFinite);
    const most = Math.max(...finite, 1e-12), epochs = Math.max(curve.at(-1).epoch, 1);
    const x = (epoch) => left + (epoch / epochs) * (width - left - 6);
    const y = (loss) => height - bottom - (loss / most) * (height - bottom - top);
    const line = (name) => shown.filter((point) => Number.isFinite(point[name]))
      .map((point) => `${x(point.epoch).toFixed(1)},${y(point[name]).toFixed(1)}`).join(" ");
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.replaceChildren();
    const axes = `M${left} ${top}V${height - bottom}H${width - 6}`;
    svg("path", { d: axes, class: "pg-axes" }, this.element);
    const words = [
      [left - 5, y(most) + 8, "end", show(most, 2)], [left - 5, y(0), "end", "0"],
      [left, height - 7, "start", "0"], [width - 6, height - 7, "end", `${epochs} epoch${epochs > 1 ? "s" : ""}`],
    ];
    for (const [u, v, anchor, text] of words) {
      svg("text", { x: u, y: v, "text-anchor": anchor }, this.element).textContent = text;
    }
    svg("polyline", { points: line("test"), class: "pg-test" }, this.element);
    svg("polyline", { points: line("train"), class: "pg-train" }, this.element);
    const { train, test } = curve.at(-1);
    this.element.setAttribute("aria-label",
      `after ${curve.at(-1).epoch} epochs the loss is ${show(train)}, and that of the test ${show(test)}`);
  }
}
