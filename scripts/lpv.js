#!/usr/bin/env node
// The launcher of `lpv`.

import { launch } from './launch.js';

await launch('lpv', new URL('start.ts', import.meta.url));
