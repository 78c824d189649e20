// A Vite plugin that makes the first paint need one answer of the server: style
// and the early script go into index.html, and the first pages are rendered in
// every language as templates for the server (src/first.tsx).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type Plugin } from 'vite';

const root = join(import.meta.dirname, '..');

type Bundle = Record<string, { type: 'asset' } | { type: 'chunk'; imports: string[]; dynamicImports: string[] }>;

export function firstPages(): Plugin {
  let out = '';
  return {
    name: 'lancershub-first-pages',
    apply: 'build',
    configResolved: (config) => { out = join(root, config.build.outDir); },
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle = {}, chunk }) => {
        const early = readFileSync(join(root, 'public/early.js'), 'utf8');
        return once(html, '<script src="/early.js"></script>', `<script>${early}</script>`)
          .replace(/\s*<link rel="stylesheet"[^>]* href="\/([^"]+)">/, (_, file: string) => `\n    <style>${styleOf(bundle[file])}</style>`)
          // What the entry will import is fetched beside it, and all of it after what can be seen.
          .replace(/\s*<(script type="module"|link rel="modulepreload")[^>]*>(<\/script>)?/g, '')
          .replace('</body>', () => `${loads(bundle, chunk?.fileName ?? '')}</body>`);
      },
    },
    async closeBundle() {
      const server = await createServer({ root, configFile: false, server: { middlewareMode: true, hmr: false, watch: null }, appType: 'custom', logLevel: 'error', optimizeDeps: { noDiscovery: true } });
      try {
        const { pages, firstPage } = (await server.ssrLoadModule('/src/first.tsx')) as typeof import('../src/first');
        const { languages } = (await server.ssrLoadModule('/src/i18n/i18n.tsx')) as typeof import('../src/i18n/i18n');
        mkdirSync(join(out, 'first'), { recursive: true });
        for (const name of Object.keys(pages) as (keyof typeof pages)[]) {
          for (const language of Object.keys(languages) as (keyof typeof languages)[]) writeFileSync(join(out, 'first', `${name}.${language}.html`), await firstPage(name, language));
        }
      } finally {
        await server.close();
      }
    },
  };
}

interface Graph {
  getModuleInfo: (id: string) => { importedIds: string[] } | null;
}

let first: Set<string> | undefined;

/**
 * What the app begins with is two files, React and the rest, run one after the
 * other (src/main.tsx): more files would be more rounds on a slow line.
 */
export const firstChunks = [
  { name: 'loader', test: /preload-helper|rolldown\/runtime/, priority: 2 }, // or the entry would import all of the rest for it
  { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\//, priority: 1 },
  {
    name: (id: string, graph: Graph): string | null => {
      first ??= importedFrom(join(root, 'src/start.tsx'), graph);
      return first.has(id) ? 'first' : null;
    },
    debugName: 'first',
  },
];

function importedFrom(id: string, graph: Graph, all = new Set<string>()): Set<string> {
  if (all.has(id)) return all;
  all.add(id);
  for (const next of graph.getModuleInfo(id)?.importedIds ?? []) importedFrom(next, graph, all);
  return all;
}

/** The entry, and everything it imports now or soon. */
function loads(bundle: Bundle, entry: string): string {
  const needed = new Set<string>();
  const follow = (file: string) => {
    const chunk = bundle[file];
    if (chunk?.type !== 'chunk' || needed.has(file)) return;
    needed.add(file);
    chunk.imports.forEach(follow);
    if (file === entry) chunk.dynamicImports.forEach(follow);
  };
  follow(entry);
  return [...needed].map((file) => (file === entry ? `  <script type="module" crossorigin src="/${file}"></script>\n  ` : `  <link rel="modulepreload" crossorigin href="/${file}">\n  `)).join('');
}

function styleOf(asset: unknown): string {
  return String((asset as { source: string | Uint8Array }).source).trim();
}

function once(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`index.html should have ${from} once`);
  return text.replace(from, () => to);
}
