// node code.mjs <secret> <seconds since the epoch>: the code an authenticator shows then
import { generate } from 'otplib'

const [secret, seconds] = process.argv.slice(2)
console.log(await generate({ secret, epoch: Number(seconds) }))
