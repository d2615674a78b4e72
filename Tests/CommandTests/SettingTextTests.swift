import Glibc
import Testing

@testable import chronatog

struct SettingTextTests {
    @Test func `help names every setting with its default`() {
        let help = SettingText.help()
        for setting in Setting.table {
            #expect(help.contains("--\(setting.name)"))
            if !setting.isSwitch, !setting.defaultText.isEmpty {
                #expect(help.contains("default: \(setting.defaultText)"))
            }
        }
        for group in Setting.Group.allCases { #expect(help.contains(group.rawValue.uppercased())) }
    }

    @Test func `the README holds the table as it is`() throws {
        let readme = try SmallFile.text(of: root + "/README.md")
        let parts = readme.split(separator: "<!-- settings -->\n", omittingEmptySubsequences: false)
        #expect(parts.count == 3, "README.md marks the table with <!-- settings --> before and after it")
        guard parts.count == 3 else { return }
        #expect(parts[1] == SettingText.markdown(), "paste the output of `chronatog config table`")
    }

    /// The checkout this file belongs to, links resolved.
    private var root: String {
        // unsafe because realpath hands out memory, which is copied and then freed.
        let resolved = unsafe realpath("\(#filePath)", nil)
        let path = unsafe resolved.map { unsafe String(cString: $0) } ?? "\(#filePath)"
        unsafe free(resolved)
        return path.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    }
}
