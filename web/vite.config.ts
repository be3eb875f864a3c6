import { defineConfig, type UserConfig } from "vite";

/** The app (`dist/index.html`): dashboard and watch page, assets under `/assets/`. */
const app: UserConfig = { build: { emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } } };

/**
 * The custom element (`dist/player.js`): one file; the LiveKit client is a second one, loaded only when it is used. Not a
 * "lib" build, which would leave the white space in. Preact stands in for React, whose DOM part alone is 60 kB gzip.
 */
const player: UserConfig = {
  resolve: {
    alias: {
      "react-dom/client": "preact/compat/client",
      "react/jsx-runtime": "preact/jsx-runtime",
      "react-dom": "preact/compat",
      react: "preact/compat",
    },
  },
  build: {
    emptyOutDir: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      input: "src/element.ts",
      output: { entryFileNames: "player.js", chunkFileNames: "player-[name].js" },
    },
  },
};

/** The npm package (`dist/npm`): React and the LiveKit client stay imports, the style sheet is a file of its own. */
const npm: UserConfig = {
  build: {
    outDir: "dist/npm",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "index.js", cssFileName: "style" },
    rollupOptions: { external: [/^react/, "livekit-client"], output: { banner: '"use client";' } },
    minify: false,
  },
};

export default defineConfig(({ mode }) => {
  const build = mode === "player" ? player : mode === "npm" ? npm : app;
  const server = {
    proxy: Object.fromEntries(["/api", "/whep", "/stream"].map((path) => [path, "http://127.0.0.1:3001"])),
  };
  return { ...build, server: { proxy: { ...server.proxy, "/ws": { target: "ws://127.0.0.1:3001", ws: true } } } };
});
