// Run by bench/life.ts, with the built package: neither side pays for the transpiling of sources.
const { HimlServicePrincipal } = require("himl-service-principal");

module.exports = () => {
  const resourceGroupName = process.env.BENCH_SCOPE.split("/").at(-1);
  const principals = Array.from(
    { length: Number(process.env.BENCH_PRINCIPALS) },
    (_, i) =>
      new HimlServicePrincipal(`principal-${i}`, {
        resourceGroupName,
        workspaceName: process.env.BENCH_WORKSPACE,
        displayName: `principal-${i}`,
      }),
  );
  return Object.fromEntries(
    principals.flatMap(({ clientId, clientSecret }, i) => [
      [`id-${i}`, clientId],
      [`secret-${i}`, clientSecret],
    ]),
  );
};
