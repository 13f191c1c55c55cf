/** The identity that every test database has, so that both stores agree in any pair. */
export const testInstallation = {
  id: "00000000-0000-4000-8000-000000000001",
  idHashKey: Uint8Array.from({ length: 16 }, (_, index) => index)
}
