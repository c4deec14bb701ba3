#!/usr/bin/env node
// The launcher of `lpv`.

import { launch } from './launch.js';

await launch('lpv', (extension) => import(`./start.${extension}`));
