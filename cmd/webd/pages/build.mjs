// Builds the pages: build.mjs --modules DIR --out DIR. DIR holds node_modules; names in assets/ carry a hash of their content.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { modules: { type: "string", default: here }, out: { type: "string", default: join(here, "dist") } } });
const modules = resolve(values.modules);
const out = resolve(values.out);
const source = join(here, "src");
const esbuild = createRequire(join(modules, "package.json"))("esbuild");

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "assets"), { recursive: true });

// hls.js runs its transmuxer in a worker from a file of its own: the policy allows no script from a blob.
const worker = readFileSync(join(modules, "node_modules/hls.js/dist/hls.worker.js"));
const workerName = `hls.worker-${createHash("sha256").update(worker).digest("hex").slice(0, 8)}.js`;
writeFileSync(join(out, "assets", workerName), worker);

const result = await esbuild.build({
  entryPoints: { home: join(source, "home/main.jsx"), channel: join(source, "channel/main.jsx"), style: join(source, "style/main.css") },
  outdir: join(out, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2020"],
  minify: true,
  metafile: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  nodePaths: [join(modules, "node_modules")],
  define: { HLS_WORKER: JSON.stringify(`/assets/${workerName}`) },
  alias: { "hls.js": join(modules, "node_modules/hls.js/dist/hls.mjs") },
  legalComments: "none",
  logLevel: "warning",
});

// {{home.js}} in a page becomes the asset's name; {{imports:home.js}} what it loads at once.
const assets = new Map();
const imports = new Map();
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  if (!output.entryPoint) continue;
  const entry = basename(file).replace(/-[A-Z0-9]+(\.\w+)$/, "$1");
  assets.set(entry, `/assets/${basename(file)}`);
  imports.set(entry, output.imports.filter((each) => each.kind === "import-statement").map((each) => `/assets/${basename(each.path)}`));
}
for (const file of readdirSync(source)) {
  if (extname(file) === "") continue;
  let text = readFileSync(join(source, file), "utf8");
  if (extname(file) === ".html") {
    text = text.replace(/\{\{imports:([\w.]+)\}\}/g, (_, entry) => imports.get(entry).map((path) => `<link rel="modulepreload" href="${path}">`).join(""));
    text = text.replace(/\{\{([\w.]+)\}\}/g, (_, entry) => {
      if (!assets.has(entry)) throw new Error(`${file}: no asset ${entry}`);
      return assets.get(entry);
    });
  }
  writeFileSync(join(out, file), text);
}
