// Bundles each widget into a page of its own: node build.mjs FOLDER
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { build } from 'esbuild'

const folder = process.argv[2]
const sources = (await readdir(new URL('src', import.meta.url))).filter((each) => each !== 'kept.js')
const head = '<!doctype html><html lang="en"><meta charset="utf-8">'

await mkdir(folder, { recursive: true })
const built = await build({
  entryPoints: sources.map((each) => join('src', each)),
  absWorkingDir: new URL('.', import.meta.url).pathname,
  bundle: true,
  minify: true,
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  metafile: true,
  outdir: folder,
  logLevel: 'error',
})
const outputs = new Set(Object.keys(built.metafile.outputs).map((each) => basename(each)))
for (const source of sources) {
  const name = basename(source, extname(source))
  const style = outputs.has(`${name}.css`) ? `<link rel="stylesheet" href="/${name}.css">` : ''
  const page = `${head}<title>${name}</title>${style}<div id="root"></div><script src="/say.js"></script>`
  await writeFile(join(folder, `${name}.html`), `${page}<script src="/${name}.js"></script>\n`)
}
