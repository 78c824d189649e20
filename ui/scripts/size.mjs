// Fails when the first load of the browse page needs more script than its budget.
// It counts what index.html loads at once: the entry and its module preloads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budget = 150 * 1024;
const folder = join(import.meta.dirname, '../../pb_public');
const html = readFileSync(join(folder, 'index.html'), 'utf8');
const files = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map((match) => match[1]);
const sizes = files.map((file) => [file, gzipSync(readFileSync(join(folder, file)), { level: 9 }).length]);
for (const [file, size] of sizes) console.log(`${String(size).padStart(8)}  ${file}`);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
console.log(`${String(total).padStart(8)}  in all, of ${budget} allowed (gzip)`);
if (total > budget) process.exit(1);
