import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `lancershub serve` answers while the app is being developed. */
const backend = process.env.LANCERSHUB_URL ?? 'http://127.0.0.1:8090';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: '../pb_public',
    emptyOutDir: true,
    target: 'es2022',
    // Inlined fonts or images would need data: in more directives of the CSP.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    port: 8391,
    proxy: { '/api': { target: backend, changeOrigin: false } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
