"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const diagram = document.querySelector(".diagram");
  const svg = diagram && diagram.querySelector("svg");
  const articles = all(".finding");

  const clear = () => {
    if (diagram) diagram.classList.remove("lit");
    all(".way").forEach((part) => part.classList.remove("way"));
    articles.forEach((article) => {
      article.classList.remove("chosen");
      const button = article.querySelector(".show-way");
      if (button) button.setAttribute("aria-pressed", "false");
    });
  };

  const choose = (article) => {
    const already = article.classList.contains("chosen");
    clear();
    const way = facts.ways[Number(article.dataset.finding)] || [];
    if (already || !svg || !way.length) return;
    article.classList.add("chosen");
    article.querySelector(".show-way").setAttribute("aria-pressed", "true");
    diagram.classList.add("lit");
    way.forEach((id) => {
      const part = document.getElementById(id);
      if (part) part.classList.add("way");
    });
  };

  articles.forEach((article) => {
    article.addEventListener("click", (event) => {
      if (event.target.closest("details, a, code") || String(getSelection())) return;
      choose(article);
      if (event.target.closest(".show-way") && article.classList.contains("chosen")) {
        diagram.scrollIntoView({ block: "nearest" });
      }
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });

  if (svg) {
    const whole = svg.viewBox.baseVal;
    const start = [whole.x, whole.y, whole.width, whole.height];
    let view = [...start];
    svg.removeAttribute("width");
    svg.removeAttribute("height");
    // As high as the drawing needs at full width, within the limits of the style sheet.
    diagram.style.maxHeight = getComputedStyle(diagram).height;
    diagram.style.height = "auto";
    diagram.style.aspectRatio = `${start[2]} / ${start[3]}`;
    const show = () => svg.setAttribute("viewBox", view.join(" "));
    const zoom = (factor, x = 0.5, y = 0.5) => {
      const width = Math.min(Math.max(view[2] * factor, start[2] / 50), start[2] * 4);
      const ratio = width / view[2];
      view = [view[0] + view[2] * (1 - ratio) * x, view[1] + view[3] * (1 - ratio) * y, width, view[3] * ratio];
      show();
    };
    const fit = () => { view = [...start]; show(); };
    const pan = (x, y) => { view[0] += x * view[2]; view[1] += y * view[3]; show(); };

    all("[data-zoom]").forEach((button) => button.addEventListener("click", () => {
      ({ in: () => zoom(0.8), out: () => zoom(1.25), fit })[button.dataset.zoom]();
    }));
    diagram.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      zoom(event.deltaY > 0 ? 1.15 : 0.87, (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
    }, { passive: false });
    diagram.addEventListener("keydown", (event) => {
      const act = {
        ArrowLeft: () => pan(-0.1, 0), ArrowRight: () => pan(0.1, 0), ArrowUp: () => pan(0, -0.1),
        ArrowDown: () => pan(0, 0.1), "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), 0: fit,
      }[event.key];
      if (!act || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    let drag = null;
    diagram.addEventListener("pointerdown", (event) => { drag = [event.clientX, event.clientY]; });
    window.addEventListener("pointermove", (event) => {
      if (!drag) return;
      const box = svg.getBoundingClientRect();
      const scale = Math.max(view[2] / box.width, view[3] / box.height);
      view[0] -= (event.clientX - drag[0]) * scale;
      view[1] -= (event.clientY - drag[1]) * scale;
      drag = [event.clientX, event.clientY];
      show();
    });
    window.addEventListener("pointerup", () => { drag = null; });

    const panel = document.getElementById("node-facts");
    const tell = (id) => {
      const node = facts.nodes[id];
      const parts = [`${node.kind} ${node.name}`, ...node.facts, `gradient ${node.gradient}`];
      if (node.count > 1) parts.push(`stands for ${node.count}`);
      if (node.starved) parts.push("gets no gradient");
      parts.push(...node.marks);
      panel.textContent = parts.join(" · ");
    };
    Object.keys(facts.nodes).forEach((id) => {
      const box = document.getElementById(id);
      if (!box) return;
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "button");
      box.setAttribute("aria-label", `${facts.nodes[id].kind} ${facts.nodes[id].name}`);
      box.addEventListener("click", () => tell(id));
      box.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        tell(id);
      });
    });
  }

  const table = document.getElementById("links-table");
  if (!table) return;
  const rows = all("tbody tr", table);
  const headings = all("th", table);
  const order = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.order === undefined ? cell.textContent : Number(cell.dataset.order);
  };
  const compare = (a, b) => (typeof a === "number" ? (Number.isNaN(a) ? -1 : a - b) : a.localeCompare(b, undefined, { numeric: true }));
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    headings.forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = [...rows].sort((a, b) => compare(order(a, column), order(b, column)) * (down ? -1 : 1));
    table.tBodies[0].append(...sorted);
  }));
  const filter = document.getElementById("filter");
  const onlyCut = document.getElementById("only-cut");
  const apply = () => {
    const wanted = filter.value.toLowerCase();
    rows.forEach((row) => {
      row.hidden = !row.textContent.toLowerCase().includes(wanted) || (onlyCut.checked && !row.classList.contains("cut"));
    });
    const shown = rows.filter((row) => !row.hidden).length;
    document.getElementById("shown").textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
  };
  filter.addEventListener("input", apply);
  onlyCut.addEventListener("change", apply);
})();
