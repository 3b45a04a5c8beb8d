// Baileys 7 as clients of the sandbox. See driver/run.mjs for what goes in and out.

import * as baileys from 'baileys'
import { run } from './driver/run.mjs'

await run(baileys)
