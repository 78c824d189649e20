// The entry: its parts are run one after the other, so that a slow phone has no
// long task to wait for. index.html fetches all of them at once (scripts/first.ts).
import './index.css';

const breath = () => new Promise((done) => { setTimeout(done); });

await import('react-dom/client');
await breath();
const { start } = await import('./start');
await breath();
await start();
