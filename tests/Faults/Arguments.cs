using System.Globalization;
using Servers;

namespace Faults;

/// <summary>What ./faults was asked to do.</summary>
/// <param name="Seed">What the schedule follows from.</param>
/// <param name="Minutes">How long cases are played; null for each once.</param>
/// <param name="Case">The only case to play, or null.</param>
/// <param name="Lists">Names the cases, and plays none.</param>
/// <param name="Mutants">Plays mutants instead of the service as it is: "" for all of them, or a name.</param>
internal sealed record Arguments(int Seed, int? Minutes, string? Case, bool Lists, string? Mutants)
{
    public const string Help =
        """
        ./faults                 starts PostgreSQL, RabbitMQ and seven processes of the service, plays the fault matrix while
                                 orders are being placed, and judges from outside what became of each; exit code 0 only if
                                 nothing was lost, doubled, made up or misordered
          --seed S               another schedule: the same seed is the same schedule (0 to 1,000,000; 1 unless given)
          --minutes M            plays cases again and again for so long (1 to 600); 30 and more include those that take
                                 minutes; a run that was interrupted is taken up where it stopped, unless the code has changed
                                 since
          --case NAME            plays this one alone
          --list                 names all cases and what each proves
          --mutants [NAME]       breaks a copy of the service in nine ways, and demands that the checker sees each; of the
                                 other arguments only --seed goes with it

        The results are in faults-results/, as JSON and Markdown.
        """;

    private const int LongRun = 30;
    private const int MostMinutes = 600;
    private const int GreatestSeed = 1_000_000;

    /// <summary>The cases that are to be played, in the order of the catalogue; those that the machine lacks something for are
    /// among them, so that the schedule is the same everywhere.</summary>
    public IReadOnlyList<FaultCase> Cases => Case is not null
        ? [.. CaseCatalogue.All.Where(known => known.Name == Case)]
        : [.. CaseCatalogue.All.Where(known => known.Plays == Plays.Always || (known.Plays == Plays.InLongRuns && Minutes >= LongRun))];

    /// <summary>The command line that means the same.</summary>
    public string Command => "./faults"
        + string.Create(CultureInfo.InvariantCulture, $" --seed {Seed}")
        + (Minutes is { } minutes ? string.Create(CultureInfo.InvariantCulture, $" --minutes {minutes}") : "")
        + (Case is { } name ? $" --case {name}" : "");

    /// <exception cref="ServersException">An argument is unknown or out of bounds, or does not go with another.</exception>
    public static Arguments Parse(string[] arguments)
    {
        var asked = new Arguments(1, null, null, false, null);
        for (var rest = arguments; rest.Length > 0;)
        {
            (asked, rest) = rest switch
            {
                ["--seed", var seed, .. var more] => (asked with { Seed = Number("--seed", seed, 0, GreatestSeed) }, more),
                ["--minutes", var minutes, .. var more] => (asked with { Minutes = Number("--minutes", minutes, 1, MostMinutes) }, more),
                ["--case", var name, .. var more] => (asked with { Case = Known(name) }, more),
                ["--list", .. var more] => (asked with { Lists = true }, more),
                ["--mutants", var name, .. var more] when !name.StartsWith('-') => (asked with { Mutants = name }, more),
                ["--mutants", .. var more] => (asked with { Mutants = "" }, more),
                [var last] when last is "--seed" or "--minutes" or "--case" => throw new ServersException($"{last} needs a value. ./faults --help says more."),
                _ => throw new ServersException($"Unknown argument: {rest[0]}. ./faults --help says what there is."),
            };
        }

        return asked switch
        {
            { Lists: true } when arguments.Length > 1 => throw new ServersException("--list goes with no other argument: it plays nothing."),
            { Mutants: not null, Case: not null } => throw new ServersException("--mutants and --case exclude each other: each mutant names the case that shows it."),
            { Mutants: not null, Minutes: not null } => throw new ServersException("--mutants and --minutes exclude each other: each mutant has a few tries."),
            _ => asked,
        };
    }

    private static int Number(string name, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ServersException(string.Create(CultureInfo.InvariantCulture, $"{name} is \"{text}\": it must be a number from {least} to {most:N0}."));

    private static string Known(string name)
    {
        if (CaseCatalogue.All.FirstOrDefault(known => known.Name == name) is not { } found)
        {
            throw new ServersException($"--case is \"{name}\": there is no such case. ./faults --list names them.");
        }

        return found.Lacks() is { } lack ? throw new ServersException($"{name} cannot be played: {lack}.") : name;
    }
}
