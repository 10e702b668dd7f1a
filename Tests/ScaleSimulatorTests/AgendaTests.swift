import Testing

@testable import ScaleSimulator

@Suite struct AgendaTests {
    @Test func `items come out soonest first and equal ones in the order they went in`() {
        var generator = SeededGenerator(seed: 7)
        var agenda = Agenda<(due: Int, number: Int)>()
        var expected: [(due: Int, number: Int)] = []
        for number in 0..<2000 {
            let due = generator.int(0, 50)
            agenda.add((due, number), due: .seconds(due))
            expected.append((due, number))
        }
        expected.sort { ($0.due, $0.number) < ($1.due, $1.number) }
        var taken: [(due: Int, number: Int)] = []
        while let item = agenda.take(dueBy: .seconds(100)) { taken.append(item) }
        #expect(taken.map(\.number) == expected.map(\.number))
    }

    @Test func `nothing comes out before it is due`() {
        var agenda = Agenda<String>()
        agenda.add("later", due: .seconds(10))
        #expect(agenda.take(dueBy: .seconds(9)) == nil)
        #expect(agenda.nextDue == .seconds(10))
        #expect(agenda.take(dueBy: .seconds(10)) == "later")
        #expect(agenda.nextDue == nil)
    }
}
