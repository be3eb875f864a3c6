// Stands in front of the service worker of Playwright's trace viewer, which serves what driven pages were like under
// our own origin: it loads traces of this server alone, which are cleaned, and nothing that it serves runs a script
// but the viewer's own in a snapshot, whose policy names that by a nonce.
{
  const scope = new URL(self.registration.scope).pathname;
  const snapshots = `${scope}snapshot/`;
  const load = self.fetch;
  const mayLoad = (address) => {
    const url = new URL(address, self.location.href);
    const isTrace = /^\/api\/tests\/[\w-]+\/trace$/.test(url.pathname);
    return url.origin === self.location.origin && (isTrace || url.pathname.startsWith(scope));
  };
  self.fetch = (request, ...options) =>
    mayLoad(request instanceof Request ? request.url : String(request))
      ? load(request, ...options)
      : Promise.reject(new TypeError("Only traces of this server are shown here"));
  const policy = (request) =>
    new URL(request.url).pathname.startsWith(snapshots)
      ? "sandbox allow-same-origin allow-scripts; connect-src 'none'; form-action 'none'; frame-src 'self' data:"
      : "sandbox; default-src 'none'";
  const respondWith = FetchEvent.prototype.respondWith;
  FetchEvent.prototype.respondWith = function (answer) {
    const guarded = async () => {
      const response = await answer;
      // What came from the server has its policy already.
      if (response.url === "") response.headers.append("Content-Security-Policy", policy(this.request));
      return response;
    };
    respondWith.call(this, guarded());
  };
}
