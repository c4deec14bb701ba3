#!/usr/bin/env node
// The launcher of `lpv`: everything after it is TypeScript.

import { launch } from './launch.js';

await launch('lpv', () => import('./lpv.ts'));
