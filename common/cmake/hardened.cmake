# -DHARDENED=ON, or the preset `hardened`: for what is installed. What each of these makes harder
# for an attacker who has found a mistake with memory, is in chapter 14.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)

add_compile_options(-fstack-protector-strong -fstack-clash-protection)
add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)  # some compilers define it themselves
add_compile_definitions(_GLIBCXX_ASSERTIONS)
check_cxx_compiler_flag(-fcf-protection HAS_CF_PROTECTION)  # x86-64
if(HAS_CF_PROTECTION)
  add_compile_options(-fcf-protection)
endif()
check_cxx_compiler_flag(-mbranch-protection=standard HAS_BRANCH_PROTECTION)  # arm64
if(HAS_BRANCH_PROTECTION)
  add_compile_options(-mbranch-protection=standard)
endif()

check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-Wl,-z,relro,-z,now)
