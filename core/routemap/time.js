(function (map, time, words, tidy) {
  "use strict";
  const box = map.getContainer();
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const zone = { timeZone: time.zone, hour12: false };
  const hour = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const long = time.to - time.from > 86400 ? { month: "2-digit", day: "2-digit" } : {};
  const clock = new Intl.DateTimeFormat("en-GB", Object.assign({}, zone, hour, long));

  function make(tag, name, parent) {
    return L.DomUtil.create(tag, name, parent);
  }
  const bar = make("div", "ds-time", box);
  box.classList.add("ds-timed");
  const play = make("button", "ds-play", bar);
  play.type = "button";
  const slider = make("input", "ds-slider", bar);
  Object.assign(slider, { type: "range", min: time.from, max: time.to, step: 1 });
  slider.setAttribute("aria-label", words.slider);
  const ticks = make("div", "ds-ticks", bar);
  const shown = make("output", "ds-clock", bar);
  const said = make("div", "ds-said", box);
  said.setAttribute("role", "status");
  for (const element of [bar, said]) {
    L.DomEvent.disableClickPropagation(element);
    L.DomEvent.disableScrollPropagation(element);
    L.DomEvent.on(element, "keydown keyup keypress", L.DomEvent.stopPropagation);
  }
  time.stops.forEach(function (stop, k) {
    const tick = make("i", "", ticks);
    tick.style.left = (100 * (stop[0] - time.from)) / (time.to - time.from) + "%";
    tick.textContent = k < 20 ? k + 1 : "";
  });

  function fill(text, fields) {
    return Object.keys(fields).reduce(function (so, key) {
      return so.split("{" + key + "}").join(fields[key]);
    }, text);
  }

  // Where one can be: two circles that grow and shrink at the fastest pace, and what they share.
  const pane = map.createPane("reach");
  pane.style.zIndex = 405;
  pane.style.pointerEvents = "none";
  const look = { pane: "reach", interactive: false, color: "#0072b2", weight: 1.5,
    dashArray: "2 5", fillColor: "#0072b2", fillOpacity: 0.12, className: "ds-reach" };
  const reach = L.layerGroup().addTo(map);
  const metres = 111320;
  function rim(at, radius) {
    const wide = metres * Math.max(Math.cos((at[0] * Math.PI) / 180), 0.01);
    return Array.from({ length: 96 }, function (_, k) {
      const turn = (2 * Math.PI * k) / 96;
      return [at[0] + (radius * Math.cos(turn)) / metres, at[1] + (radius * Math.sin(turn)) / wide];
    });
  }
  function within(point, at, radius) {
    const wide = metres * Math.cos((at[0] * Math.PI) / 180);
    return Math.hypot((point[0] - at[0]) * metres, (point[1] - at[1]) * wide) <= radius * 1.001;
  }
  function shared(a, ra, b, rb) {
    const ring = rim(a, ra).filter(function (p) { return within(p, b, rb); })
      .concat(rim(b, rb).filter(function (p) { return within(p, a, ra); }));
    if (ring.length < 3) return null;
    const lat = ring.reduce(function (sum, p) { return sum + p[0]; }, 0) / ring.length;
    const lon = ring.reduce(function (sum, p) { return sum + p[1]; }, 0) / ring.length;
    const wide = Math.cos((lat * Math.PI) / 180);
    return ring.sort(function (p, q) {
      return Math.atan2(p[0] - lat, (p[1] - lon) * wide) -
        Math.atan2(q[0] - lat, (q[1] - lon) * wide);
    });
  }
  function between(t, k) {
    const leg = time.legs[k];
    const left = time.stops[k][1];
    const came = time.stops[k + 1][0];
    if (!leg.feasible) return words.impossible;
    if (leg.ends[0] && leg.ends[1]) {
      const part = function (speed, slack) {
        return shared(leg.ends[0], leg.radii[0] + speed * (t - left + slack),
          leg.ends[1], leg.radii[1] + speed * (came - t + slack));
      };
      // At a usual pace, or barely faster than this leg needs; the thin line is the fastest pace.
      const far = map.distance(leg.ends[0], leg.ends[1]) - leg.radii[0] - leg.radii[1];
      const needed = (1.1 * Math.max(far, 0)) / Math.max(came - left, 1);
      const most = part(leg.speeds[1], 0) || part(leg.speeds[1], leg.slack);
      const usual = part(Math.min(Math.max(leg.speeds[0], needed), leg.speeds[1]), 0);
      if (most) L.polygon(most, Object.assign({}, look, usual ? { fill: false, weight: 1 } : {})).addTo(reach);
      if (usual) L.polygon(usual, look).addTo(reach);
    }
    const loose = leg.slack >= 60 ? " · " + fill(words.clocks, { min: Math.round(leg.slack / 60) }) : "";
    return words.between + loose;
  }
  function gone(t) {
    const last = time.stops[time.stops.length - 1][1];
    const after = time.after;
    if (!after) return "";
    const so = after.speeds.map(function (v) { return after.radius + v * (t - last); });
    L.circle(after.at, Object.assign({}, look, { radius: so[1], fill: false, weight: 1 })).addTo(reach);
    L.circle(after.at, Object.assign({}, look, { radius: so[0], fillOpacity: 0.07 })).addTo(reach);
    const round = function (m) { return (m < 1000 ? 10 * Math.round(m / 10) : 100 * Math.round(m / 100)); };
    return fill(words.after, { min: Math.round((t - last) / 60),
      usual: round(so[0]).toLocaleString(), most: round(so[1]).toLocaleString() });
  }
  function state(t) {
    const n = time.stops.length;
    if (t < time.stops[0][0]) return words.before;
    for (let k = n - 1; k >= 0; k -= 1) {
      if (t >= time.stops[k][0] && t <= time.stops[k][1]) return fill(words.at, { n: k + 1 });
      if (t > time.stops[k][1]) {
        return k === n - 1 ? gone(t) : fill(between(t, k), { a: k + 1, b: k + 2 });
      }
    }
    return "";
  }

  // What lies in the future of the slider is not there yet.
  function reveal(t) {
    map.eachLayer(function (layer) {
      const at = layer.feature && layer.feature.properties.at;
      const element = at && layer.getElement && layer.getElement();
      if (!element) return;
      element.style.display = t >= at[0] ? "" : "none";
      element.classList.toggle("ds-doing", at.length > 1 && t < at[1]);
    });
    for (const part of box.querySelectorAll("[data-t]")) part.hidden = t < Number(part.dataset.t);
  }
  let now = time.to;
  function show(t) {
    now = Math.min(Math.max(t, time.from), time.to);
    slider.value = now;
    reveal(now);
    reach.clearLayers();
    said.textContent = state(now);
    shown.textContent = clock.format(new Date(now * 1000));
    slider.setAttribute("aria-valuetext", shown.textContent + ", " + said.textContent);
    const share = (100 * (now - time.from)) / (time.to - time.from);
    slider.style.setProperty("--done", share + "%");
    tidy();
  }
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶";
    play.setAttribute("aria-label", words.play);
    play.title = words.play;
  }
  function start() {
    if (now >= time.to) show(time.from);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", words.pause);
    play.title = words.pause;
    const step = (time.to - time.from) / (still ? 12 : 150);
    timer = setInterval(function () {
      show(now + step);
      if (now >= time.to) stop();
    }, still ? 1000 : 80);
  }
  play.addEventListener("click", function () { return timer ? stop() : start(); });
  slider.addEventListener("input", function () {
    stop();
    show(Number(slider.value));
  });
  map.on("layeradd", function (event) { if (event.layer.feature) reveal(now); });
  map.on("popupopen", function () { reveal(now); });
  stop();
  show(now);
})
