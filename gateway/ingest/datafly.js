/* datafly.js: hands in what happens on a page, with retries, and as it is left.
   <script async src="https://EVENTS.example.com/datafly.js" data-write-key="wk_…"></script> */
(function () {
  "use strict";
  var MOST_WAITING = 500, MOST_AN_EVENT = 32768, MOST_BYTES = 50000, SOON = 200, LONGEST_WAIT = 60000;
  var script = document.currentScript, writeKey = script.dataset.writeKey;
  var url = new URL("/v1/batch", script.src).href;
  var memory = {}, timer = 0, flying = {}, failures = 0, refused = 0;

  // What the browser keeps; for pages that may not keep anything, until they are left.
  function read(name) {
    try { return JSON.parse(localStorage.getItem("datafly." + name)); } catch (e) { return memory[name]; }
  }
  function write(name, value) {
    memory[name] = value;
    try {
      if (value == null) localStorage.removeItem("datafly." + name);
      else localStorage.setItem("datafly." + name, JSON.stringify(value));
    } catch (e) { /* full, or not allowed: memory has it */ }
  }
  function newId() {
    return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, function (c) {
      return (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16);
    });
  }
  function anonymousId() {
    var id = read("anonymous");
    if (!id) write("anonymous", id = newId());
    return id;
  }

  function context(own) {
    var page = { path: location.pathname, search: location.search, url: location.href, title: document.title };
    if (document.referrer) page.referrer = document.referrer;
    var all = { library: { name: "datafly.js", version: "1" }, page: page, locale: navigator.language };
    var consent = read("consent");
    if (consent) all.consent = consent;
    return Object.assign(all, own);
  }
  function add(type, parts, options) {
    var event = { type: type, messageId: newId(), timestamp: new Date().toISOString(), anonymousId: anonymousId() };
    var user = read("user");
    if (user) event.userId = user;
    Object.assign(event, parts, options, { context: context(options && options.context) });
    if (bytes(event) > MOST_AN_EVENT) return console.warn("datafly: an event of more than 32 KB is not sent", type);
    write("queue", waiting().concat(event).slice(-MOST_WAITING));
    soon(SOON);
  }
  function bytes(value) { return new Blob([JSON.stringify(value)]).size; }
  function waiting() { return read("queue") || []; }
  function done(events) {
    var ids = events.map(function (event) { delete flying[event.messageId]; return event.messageId; });
    write("queue", waiting().filter(function (event) { return ids.indexOf(event.messageId) < 0; }));
  }

  // As many of the oldest as one call may carry: 64 KB is what browsers send of a page that is gone.
  function next() {
    var size = 0;
    return waiting().filter(function (event) {
      if (flying[event.messageId]) return false;
      size += bytes(event);
      return size <= MOST_BYTES;
    });
  }
  function body(events) {
    return JSON.stringify({ batch: events, sentAt: new Date().toISOString(), writeKey: writeKey });
  }
  function soon(milliseconds) {
    if (!timer && !refused) timer = setTimeout(flush, milliseconds);
  }
  function flush() {
    timer = 0;
    var events = next();
    if (!events.length) return;
    events.forEach(function (event) { flying[event.messageId] = 1; });
    // Plain text needs no preflight; the gateway does not look at the type.
    fetch(url, {
      method: "POST", body: body(events), keepalive: true, credentials: "omit", headers: { "Content-Type": "text/plain" }
    }).then(function (answer) {
      // Nothing of this page is taken. What waits is left to the next one, which may have another key.
      if (answer.status === 401 || answer.status === 403) {
        failures = refused = 1;
        return console.warn("datafly: the write key or the page's origin is refused, nothing is sent");
      }
      if (answer.status >= 500 || answer.status === 429) return again(events, answer.headers.get("Retry-After"));
      failures = 0;
      done(events);
      soon(0);
    }, function () { again(events); });
  }
  function again(events, seconds) {
    events.forEach(function (event) { delete flying[event.messageId]; });
    var wait = Math.min(LONGEST_WAIT, 1000 * Math.pow(2, failures++)) * (0.5 + Math.random() / 2);
    soon(Math.max(wait, 1000 * seconds || 0));
  }
  // A beacon tells nobody whether it was kept: while there is trouble, what waits is left to the next page.
  function leave() {
    for (var events = next(); events.length && !failures; events = next()) {
      if (!navigator.sendBeacon(url, body(events))) return;
      done(events);
    }
  }
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") leave(); });

  var api = {
    track: function (event, properties, options) {
      add("track", { event: event, properties: properties || {} }, options);
    },
    page: function (name, properties, options) {
      if (name && typeof name === "object") { options = properties; properties = name; name = null; }
      var page = Object.assign({}, context().page, properties);
      add("page", name ? { name: name, properties: page } : { properties: page }, options);
    },
    identify: function (user, traits, options) {
      if (user && typeof user === "object") { options = traits; traits = user; user = null; }
      if (user) {
        if (read("user") && read("user") !== String(user)) write("traits", null);
        write("user", String(user));
      }
      write("traits", Object.assign(read("traits") || {}, traits));
      add("identify", { traits: read("traits") }, options);
    },
    alias: function (user, previous, options) {
      add("alias", { userId: String(user), previousId: previous || read("user") || anonymousId() }, options);
    },
    // {marketing: true, analytics: false}: passed along with every event from now on.
    consent: function (categories) { write("consent", categories); },
    // Who comes next is somebody else.
    reset: function () { ["user", "traits", "anonymous", "consent"].forEach(function (name) { write(name, null); }); }
  };
  // A page that asks before we have loaded keeps lists; one that asks after it, because we were quicker, says the same.
  api.push = function (call) {
    if (api[call[0]]) api[call[0]].apply(api, call.slice(1));
    else console.warn("datafly: there is no call", call[0]);
  };
  var early = window.datafly || [];
  window.datafly = api;
  if (early.forEach) early.forEach(api.push);
  soon(0);
})();
