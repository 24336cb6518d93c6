// The second half of the page's C++ compiler: backend BITCODE OBJECT. The first half, clang, runs
// in the reader's browser, outside the machine, because in the machine it would take minutes.
#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>

#include <cstdio>

namespace {

constexpr const char* triple = "i386-pc-linux-gnu";

// Says why the object cannot be made, or returns nullptr.
const char* compile(const char* bitcode, const char* object) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  char* reason = nullptr;
  LLVMTargetRef target;
  if (LLVMGetTargetFromTriple(triple, &target, &reason)) return reason;
  LLVMMemoryBufferRef buffer;
  if (LLVMCreateMemoryBufferWithContentsOfFile(bitcode, &buffer, &reason)) return reason;
  LLVMModuleRef module;
  if (LLVMParseBitcodeInContext2(LLVMContextCreate(), buffer, &module)) {
    return "not the bitcode of this LLVM";
  }
  const LLVMTargetMachineRef machine = LLVMCreateTargetMachine(
      target, triple, "i686", "", LLVMCodeGenLevelNone, LLVMRelocPIC, LLVMCodeModelDefault);
  if (LLVMTargetMachineEmitToFile(machine, module, object, LLVMObjectFile, &reason)) return reason;
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const char* const reason = argc == 3 ? compile(argv[1], argv[2]) : "backend BITCODE OBJECT";
  if (!reason) return 0;
  std::fprintf(stderr, "%s\n", reason);
  return 1;
}
