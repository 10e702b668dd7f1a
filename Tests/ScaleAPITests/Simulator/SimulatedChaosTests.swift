import ScaleAPI
import ScaleSimulator
import Testing

/// Every kind of chaos at once, drawn by chance, with many calls side by side.
@Suite(.timeLimit(.minutes(1))) struct SimulatedChaosTests {
    /// What the client said of one task.
    private struct Said: Sendable {
        let uniqueID: String
        let created: Result<ScaleTask, ScaleError>
        var audited: Result<Void, ScaleError>?
    }

    private func work(_ index: Int, _ client: ScaleClient) async -> Said {
        let uniqueID = "dock/\(index)"
        do throws(ScaleError) {
            let task = try await client.createTask(
                type: "categorization",
                parameters: ["attachment": "x", "categories": ["a"], "unique_id": .string(uniqueID)]
            )
            do throws(ScaleError) {
                try await client.auditTask(task.id, accepted: true, comments: uniqueID)
                return Said(uniqueID: uniqueID, created: .success(task), audited: .success(()))
            } catch {
                return Said(uniqueID: uniqueID, created: .success(task), audited: .failure(error))
            }
        } catch {
            return Said(uniqueID: uniqueID, created: .failure(error))
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `whatever happens on the way, the client never says what the books deny`(seed: UInt64) async throws {
        // In test mode tasks are completed, and can be audited, when they are created.
        try await SimulatedScale.run(.with { $0.seed = seed }) { scale in
            scale.simulator.turnKnobs { knobs in
                for mishap in AnswerMishap.allCases { knobs.answerShares[mishap] = 0.06 }
                (knobs.slowSeconds, knobs.retryAfter) = (0.6, 3)
            }
            // Less than what is slow on purpose, and more than a busy machine makes of an answer that is not.
            let client = scale.client(key: "test_simulator") { $0.timeout = .milliseconds(400) }
            let said = await withTaskGroup(of: Said.self) { group in
                var said: [Said] = []
                for index in 0..<120 {
                    if index >= 8, let one = await group.next() { said.append(one) }
                    group.addTask { await self.work(index, client) }
                }
                for await one in group { said.append(one) }
                return said
            }
            // An answer that came too late may have its effect even now.
            try await Task.sleep(for: .milliseconds(700))
            scale.simulator.turnKnobs { $0.answerShares = [:] }
            let tasks = try await scale.test.tasks().all()
            let ids = Dictionary(grouping: tasks) { $0.uniqueID ?? "" }
            let audits = scale.simulator.audits
            var successes = 0
            for one in said {
                let found = ids[one.uniqueID] ?? []
                switch one.created {
                case .success(let task): #expect(found.map(\.id) == [task.id])
                case .failure(let error): #expect(found.isEmpty || (error.isOutcomeUnknown && found.count == 1))
                }
                let count = found.first.flatMap { audits[$0.id]?.count } ?? 0
                switch one.audited {
                case .success:
                    successes += 1
                    #expect(count == 1)
                case .failure(let error): #expect(count == 0 || (error.isOutcomeUnknown && count == 1))
                case nil: #expect(count == 0)
                }
            }
            #expect(said.count == 120 && successes > 60)
            #expect(scale.simulator.summary.tasksAuditedMoreThanOnce == 0)
            #expect(scale.simulator.journal().filter { !$0.mishaps.isEmpty }.count > 50)
        }
    }
}
