using Servers;

namespace Faults;

/// <summary>Proves the checker: a service that is broken on purpose must turn it red.</summary>
internal static class MutantsRun
{
    // A fault hits or misses by chance; what is broken shows within a few tries.
    private const int Tries = 3;

    public static async Task<int> RunAsync(Arguments asked, CancellationToken cancellationToken)
    {
        List<Mutant> mutants = [.. Mutant.All.Where(mutant => asked.Mutants is "" || mutant.Name == asked.Mutants)];
        if (mutants.Count == 0)
        {
            throw new ServersException($"--mutants is \"{asked.Mutants}\": the mutants are {string.Join(", ", Mutant.All.Select(mutant => mutant.Name))}.");
        }

        var unseen = new List<string>();
        foreach (var mutant in mutants)
        {
            Console.WriteLine($"{mutant.Name}: {mutant.Breaks}");
            if (!await IsSeenAsync(mutant, asked.Seed, cancellationToken))
            {
                unseen.Add(mutant.Name);
            }
        }

        Console.WriteLine($"mutants={mutants.Count} seen={mutants.Count - unseen.Count}");
        if (unseen.Count == 0)
        {
            return 0;
        }

        await Console.Error.WriteLineAsync($"The checker is blind to {string.Join(", ", unseen)}.");
        return 1;
    }

    private static async Task<bool> IsSeenAsync(Mutant mutant, int seed, CancellationToken cancellationToken)
    {
        var root = Directory.CreateTempSubdirectory("faults-mutant-").FullName;
        try
        {
            await mutant.MakeAsync(root, cancellationToken);
            var build = await ServiceBuild.MakeAsync(root, cancellationToken);
            await using var arena = await Arena.StartAsync(build, Directory.CreateDirectory(Path.Combine(root, "evidence")).FullName, mutant.Case.BrokerNodes, cancellationToken);
            foreach (var turn in Schedule.Of(seed, [mutant.Case], 1).Take(Tries))
            {
                // No longer than the matrix gives the service as it is, which drains in it wherever it is played: what a mutant has not done
                // by then is not merely late. And no shorter.
                var play = new CasePlay(arena, turn) { LateBound = TimeSpan.Zero, SettleBound = TimeSpan.FromSeconds(20) };
                var result = await play.PlayAsync(cancellationToken);
                Console.WriteLine(ResultTable.Line(result));
                foreach (var finding in result.Findings)
                {
                    Console.WriteLine($"       {finding}");
                }

                // That something did not end in time or was complained about is not enough, nor that something else is wrong.
                if (result.Count(mutant.Seen) > 0)
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
