import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { firstChunks, firstPages } from './scripts/first.ts';

/** Where `lancershub serve` answers while the app is being developed. */
const backend = process.env.LANCERSHUB_URL ?? 'http://127.0.0.1:8090';

export default defineConfig({
  plugins: [react(), tailwindcss(), firstPages()],
  build: {
    outDir: '../pb_public',
    emptyOutDir: true,
    target: 'es2022',
    // Inlined fonts or images would need data: in more directives of the CSP.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: { output: { codeSplitting: { groups: firstChunks } } },
    // The one stylesheet stands in index.html: no script has to wait for it.
    modulePreload: { resolveDependencies: (_, needed) => needed.filter((file) => !file.endsWith('.css')) },
  },
  server: {
    port: 8391,
    proxy: { '/api': { target: backend, changeOrigin: false } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
