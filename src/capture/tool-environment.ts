/** All that programs of the system are given of our environment: where to look for others, and the language that we read. */
export function toolEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
}
