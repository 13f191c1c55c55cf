declare module "@20minutes/s3rver" {
  interface Context {
    readonly path: string
    app: { readonly allowMismatchedSignatures: boolean }
  }
  class S3rver {
    constructor(options: {
      readonly address: string
      readonly port: number
      readonly silent: boolean
      readonly directory: string | undefined
      readonly configureBuckets: ReadonlyArray<{
        readonly name: string
        readonly configs: ReadonlyArray<string>
      }>
    })
    readonly middleware: Array<
      (context: Context, next: () => Promise<void>) => Promise<void>
    >
    run(): Promise<{ readonly port: number }>
  }

  // biome-ignore lint/style/noDefaultExport: that is what the package has.
  export { S3rver as default }
}
