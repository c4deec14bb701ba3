#!/usr/bin/env node
// The launcher of `npm test`, `npm run check` and `npm run test:matrix`.

import { launch } from '../launch.js';

await launch('the test run', async () => await (await import('./test.ts')).main(process.argv.slice(2)));
