(function (map, settings) {
  "use strict";
  const box = map.getContainer();
  map.attributionControl.setPrefix(false);
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);

  function panel(position, tag, name, html) {
    const control = L.control({ position: position });
    control.onAdd = function () {
      const element = L.DomUtil.create(tag, name);
      element.innerHTML = html;
      L.DomEvent.disableClickPropagation(element);
      L.DomEvent.disableScrollPropagation(element);
      return element;
    };
    control.addTo(map);
    return control.getContainer();
  }
  if (settings.note) panel("topright", "div", "ds-note", settings.note);
  const legend = panel("bottomright", "details", "ds-legend", settings.legend);
  const switches = box.querySelector(".leaflet-control-layers");
  legend.open = box.clientWidth >= 760;

  // Labels look for a free side of their mark and hide rather than cover something.
  function overlaps(a, b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  }
  function tidy() {
    const frame = box.getBoundingClientRect();
    // Cameras and the lines of the route are soft obstacles: a label covers as few as it can.
    const dots = Array.from(box.querySelectorAll(".ds-dot"), (e) => e.getBoundingClientRect());
    const soft = dots.slice();
    for (const [from, to] of settings.lines) {
      const a = map.latLngToContainerPoint(from);
      const b = map.latLngToContainerPoint(to);
      const n = Math.min(200, Math.ceil(a.distanceTo(b) / 8));
      for (let k = 0; k <= n; k += 1) {
        const x = frame.left + a.x + ((b.x - a.x) * k) / n;
        const y = frame.top + a.y + ((b.y - a.y) * k) / n;
        soft.push({ left: x - 3, right: x + 3, top: y - 3, bottom: y + 3 });
      }
    }
    const taken = Array.from(
      box.querySelectorAll(".ds-pin:not(.ds-dot), .leaflet-control, .ds-time, .ds-said"), (e) => e.getBoundingClientRect());
    const labels = Array.from(box.querySelectorAll(".ds-label"));
    labels.sort((a, b) => a.dataset.rank - b.dataset.rank);
    for (const label of labels) {
      if (label.parentElement.style.display === "none") continue; // not yet, says the time slider
      const free = [];
      const hard = label.dataset.rank > 2 ? taken.concat(dots) : taken;
      for (const side of label.dataset.sides) {
        label.dataset.side = side;
        const here = label.getBoundingClientRect();
        const inside = here.left >= frame.left && here.right <= frame.right &&
          here.top >= frame.top && here.bottom <= frame.bottom;
        if (inside && !hard.some((other) => overlaps(here, other))) {
          const covered = soft.filter((other) => overlaps(here, other)).length;
          free.push({ side: side, here: here, covered: covered });
        }
      }
      free.sort((a, b) => a.covered - b.covered);
      const best = free[0];
      label.style.visibility = best ? "visible" : "hidden";
      if (best) {
        label.dataset.side = best.side;
        taken.push(best.here);
      }
    }
  }

  // Fit again when the box changes its size (a hidden tab has none), until somebody moves the map.
  let moved = false;
  let width = box.clientWidth;
  for (const kind of ["pointerdown", "wheel", "keydown"]) {
    box.addEventListener(kind, function () { moved = true; }, { passive: true });
  }
  function fit() {
    const wide = legend.open && box.clientWidth >= 760;
    map.fitBounds(settings.bounds, {
      animate: false, maxZoom: 18,
      paddingTopLeft: [64, !wide && switches ? switches.offsetHeight + 40 : 48],
      paddingBottomRight: [wide ? legend.offsetWidth + 40 : 40, settings.time ? 100 : 56] });
  }
  new ResizeObserver(function () {
    if (!box.clientWidth || box.clientWidth === width) return;
    width = box.clientWidth;
    map.invalidateSize({ animate: false });
    if (!moved) fit();
    tidy();
  }).observe(box);
  if (width) fit();
  map.on("zoomend moveend layeradd layerremove resize", tidy);
  legend.addEventListener("toggle", tidy);
  // streamlit-folium does not wait for the style sheet; until it is there nothing has its place.
  function settle(tries) {
    const styled = getComputedStyle(map.getPane("mapPane")).position === "absolute";
    if (!styled && tries > 0) {
      setTimeout(settle, 50, tries - 1);
      return;
    }
    if (!moved && box.clientWidth) fit();
    tidy();
  }
  setTimeout(settle, 0, 400);
  for (const pin of box.querySelectorAll(".leaflet-marker-icon[role=button]")) {
    pin.setAttribute("aria-label", pin.title || pin.textContent);
  }
  window.dongseonDrawn = true;
  return tidy;
})
