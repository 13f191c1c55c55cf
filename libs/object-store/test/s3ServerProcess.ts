import S3rver from "@20minutes/s3rver"

const bucket = process.env["S3_BUCKET"] ?? ""

/** Serves `S3_BUCKET` from `S3_DIRECTORY` and prints its URL. */
const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory: process.env["S3_DIRECTORY"],
  configureBuckets: [{ name: bucket, configs: [] }]
})
// It forgets the slash after a bucket when it judges the signature of a listing.
server.middleware.unshift((context, next) => {
  if (context.path === `/${bucket}/`)
    context.app = Object.create(context.app, {
      allowMismatchedSignatures: { value: true }
    })
  return next()
})
const { port } = await server.run()
process.stdout.write(`http://127.0.0.1:${port}\n`)
