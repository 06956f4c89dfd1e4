"use strict";
// Copies the next command, and says where a table is wider than the screen.
(() => {
  const copy = document.getElementById("copy");
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("next").textContent);
      copy.textContent = "Copied";
    });
  }
  const mark = (each) => each.classList.toggle("wide", each.scrollWidth > each.clientWidth + 1);
  const watcher = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  document.querySelectorAll(".scroll").forEach((each) => watcher.observe(each));
})();

// The graph's zoom, pan, search and details; without this script the picture is static and its tooltips show the details.
(() => {
  const net = document.getElementById("net");
  if (!net) return;
  const detail = document.getElementById("graph-detail");
  const find = document.getElementById("graph-find");
  const nodes = [...net.querySelectorAll(".node")];
  const problems = nodes.filter((node) => node.dataset.problem); // the first place of each rule
  const whole = net.viewBox.baseVal;
  const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const smallest = 160;
  let view = { ...all };
  let problem = -1;

  for (const id of ["graph-tools", "graph-hint", "graph-detail"]) document.getElementById(id).hidden = false;
  net.classList.add("live");

  function show(next) {
    const width = Math.min(Math.max(next.width, smallest), all.width * 1.5);
    const height = (width * all.height) / all.width;
    const x = Math.min(Math.max(next.x, all.x - width / 2), all.x + all.width - width / 2);
    const y = Math.min(Math.max(next.y, all.y - height / 2), all.y + all.height - height / 2);
    view = { x, y, width, height };
    net.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  function zoom(factor, at) {
    const point = at || { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    const width = Math.min(Math.max(view.width * factor, smallest), all.width * 1.5);
    const scale = width / view.width;
    show({ x: point.x - (point.x - view.x) * scale, y: point.y - (point.y - view.y) * scale, width });
  }

  function move(right, down) {
    show({ ...view, x: view.x + right * view.width, y: view.y + down * view.height });
  }

  function inside(event) {
    const matrix = net.getScreenCTM();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  }

  function showDetail(node) {
    net.querySelector(".chosen")?.classList.remove("chosen");
    node.classList.add("chosen");
    detail.textContent = node.querySelector("title").textContent;
  }

  function goTo(node) {
    const place = node.transform.baseVal.consolidate().matrix;
    const width = Math.min(all.width, Math.max(0.65 * net.clientWidth, smallest)); // names can be read
    const height = (width * all.height) / all.width;
    show({ x: place.e + 60 - width / 2, y: place.f + 16 - height / 2, width });
    showDetail(node);
  }

  function nextProblem() {
    if (!problems.length) return;
    problem = (problem + 1) % problems.length;
    goTo(problems[problem]);
    detail.textContent = `Problem ${problem + 1} of ${problems.length}: ${problems[problem].dataset.problem}\n${detail.textContent}`;
  }

  const actions = { in: () => zoom(0.7), out: () => zoom(1 / 0.7), reset: () => show(all), problem: nextProblem };
  const keys = {
    "+": actions.in, "=": actions.in, "-": actions.out, "0": actions.reset, n: nextProblem,
    ArrowLeft: () => move(-0.15, 0), ArrowRight: () => move(0.15, 0),
    ArrowUp: () => move(0, -0.15), ArrowDown: () => move(0, 0.15),
  };

  document.getElementById("graph-tools").addEventListener("click", (event) => actions[event.target.dataset.do]?.());
  net.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  find.addEventListener("change", () => {
    const wanted = find.value.trim();
    const match = nodes.find((node) => node.dataset.name === wanted);
    if (match) goTo(match);
    else detail.textContent = `${wanted}: no layer of this name`;
  });

  net.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.85 : 1 / 0.85, inside(event));
  }, { passive: false });

  const fingers = new Map();
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  };
  net.addEventListener("pointerdown", (event) => fingers.set(event.pointerId, event));
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) {
    net.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  }
  net.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    if (fingers.size === 2) {
      const before = spread();
      fingers.set(event.pointerId, event);
      zoom(before / Math.max(spread(), 1), inside(event));
      return;
    }
    const [from, to] = [inside(last), inside(event)];
    fingers.set(event.pointerId, event);
    show({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
  });
  net.addEventListener("pointerover", (event) => {
    const node = event.target.closest?.(".node");
    if (node && !fingers.size) showDetail(node);
  });
  net.addEventListener("click", (event) => {
    const node = event.target.closest?.(".node");
    if (node) showDetail(node);
  });

  if (net.dataset.opens) nextProblem();
})();
