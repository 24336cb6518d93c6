// The first half of the page's C++ compiler: clang, as WebAssembly, makes LLVM's bitcode for i386 of
// a text. The second half is tools/machine/backend.cc.

const headers = ["i686/c++/12", "i686/c++/12/i686-linux-gnu", "include", "i686"];
const flags = [
  "clang", "-cc1", "-triple", "i386-pc-linux-gnu", "-target-cpu", "i686", "-std=c++23", "-O1",
  "-emit-llvm-bc", "-fcxx-exceptions", "-fexceptions", "-mrelocation-model", "pic", "-pic-level", "2",
  "-fgnuc-version=4.2.1", "-D_GNU_SOURCE", "-Wno-c++11-narrowing", "-nostdsysteminc",
  ...headers.flatMap((path) => ["-internal-isystem", `/usr/${path}`]),
];
const unknown = /'(\S+)' file not found/;

/**
 * Compiles a text of this name, with options such as -DNAME. Returns what clang says of it, and the
 * bitcode unless there is an error.
 */
export async function compile(runLLVM, name, options, text) {
  const bitcode = [];
  let said = "";
  let failed = false;
  const decoder = new TextDecoder();
  try {
    await runLLVM([...flags, ...options, name, "-o", "-"], { [name]: text }, {
      stdout: (bytes) => bytes && bitcode.push(bytes.slice()),
      stderr: (bytes) => (said += bytes ? decoder.decode(bytes, { stream: true }) : ""),
      fetchProgress: () => {},
    });
  } catch (error) {
    if (error.code === undefined) throw error;
    failed = true;
  }
  if (unknown.test(said)) {
    said += "The page has the headers of Debian's g++ and liburing alone; at home there are more.\n";
  }
  return { said, bitcode: failed ? undefined : new Uint8Array(await new Blob(bitcode).arrayBuffer()) };
}
