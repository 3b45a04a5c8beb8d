// node judge.mjs <schema>: says of each line of JSON that comes in what is wrong with it by the schema, `null` when it is good
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'

// strict: words of the schema that Ajv does not know are an error
const ajv = new Ajv2020({ strict: true, strictTypes: false })
addFormats(ajv)
ajv.addVocabulary(['example'])
const judge = ajv.compile(JSON.parse(readFileSync(process.argv[2], 'utf8')))
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(judge(JSON.parse(line)) ? null : ajv.errorsText(judge.errors)))
}
