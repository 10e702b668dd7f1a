import ArgumentParser
import Testing

@testable import ScaleSimulator
@testable import scale_simulator

@Suite struct KnobArgumentTests {
    @Test func `knobs mix with the other options in any order`() throws {
        let command = try SimulatorCommand.parse([
            "--retries", "5", "--port", "8090", "--redirects=follow", "--cancel-calls-back", "--seed", "3",
            "--audit-calls-back", "false", "--duplicate-share", "0.5", "--clock-scale", "1000",
        ])
        var expected = Knobs()
        expected.retries = 5
        expected.redirects = .follow
        expected.cancelCallsBack = true
        expected.auditCallsBack = false
        expected.callbackShares[.duplicate] = 0.5
        expected.clockScale = 1000
        let configuration = try command.simulatorConfiguration
        #expect(configuration.knobs == expected)
        #expect(configuration.port == 8090)
        #expect(configuration.seed == 3)
    }

    @Test func `every knob is an option, and the help names it with its default`() throws {
        let help = SimulatorCommand.helpMessage(columns: 80)
        for knob in Knob.all {
            #expect(try KnobArguments.knobs(["\(knob.option)=\(knob.defaultText)"]) == Knobs())
            #expect(help.contains("\n  \(knob.option)\n"))
        }
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test(arguments: [
        (["--prot", "80"], "There is no option --prot; see --help."),
        (["--retries"], "--retries needs a value: a whole number from 0 to 1000."),
        (["--retries", "many"], "--retries must be a whole number from 0 to 1000."),
        (["--retries", "--seed", "1"], "--retries needs a value: a whole number from 0 to 1000."),
        (["--cancel-calls-back=maybe"], "--cancel-calls-back must be true or false."),
        (["--redirects", "always"], "--redirects must be fail or follow."),
        (["stray"], "There is no option stray; see --help."),
        (["--max-tasks", "0"], "--max-tasks must be from 1 to 10000000."),
        (
            ["--api-key", "a", "--test-api-key", "a"],
            "A key is either --api-key or --test-api-key: it decides the mode."
        ),
    ])
    func `a wrong argument is named`(arguments: [String], message: String) {
        do {
            _ = try SimulatorCommand.parse(arguments)
            Issue.record("\(arguments) was taken")
        } catch {
            #expect(SimulatorCommand.message(for: error) == message)
        }
    }
}
