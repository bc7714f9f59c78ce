namespace Servers.Testing;

/// <summary>Which tests ./test was asked to run.</summary>
/// <param name="Filter">A VSTest filter expression, or null for all.</param>
/// <param name="NeedsServers">Whether any of them can need servers.</param>
internal sealed record TestArguments(string? Filter, bool NeedsServers)
{
    public const string Help =
        """
        ./test                 builds and runs the tests on real servers
        ./test --all           also the slow ones
        ./test --fast          only those that need no servers
        ./test --filter EXPR   only those that match, by a part of the name or a VSTest filter expression;
                               together with --all or --fast where wanted

        environment:
          ConnectionStrings__Postgres, ConnectionStrings__RabbitMq   servers of your own (set both)
          SERVERS=docker|native                              containers, or this machine's own packages
        """;

    private const string NotSlow = "Speed!=slow";
    private const string NoServers = "Needs!=servers";

    /// <exception cref="ServersException">An argument is unknown.</exception>
    public static TestArguments Parse(IReadOnlyList<string> arguments)
    {
        var (all, fast) = (false, false);
        List<string> filters = [];
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--all":
                    all = true;
                    break;
                case "--fast":
                    fast = true;
                    break;
                case "--filter" when i + 1 < arguments.Count:
                    var expression = arguments[++i];
                    filters.Add(expression.AsSpan().ContainsAny('=', '~') ? $"({expression})" : $"FullyQualifiedName~{expression}");
                    break;
                default:
                    throw new ServersException($"Unknown argument: {arguments[i]}. ./test --help says what there is.");
            }
        }

        if (all && fast)
        {
            throw new ServersException("--all and --fast exclude each other.");
        }

        if (!all)
        {
            filters.Add(NotSlow);
        }

        if (fast)
        {
            filters.Add(NoServers);
        }

        return new TestArguments(filters.Count == 0 ? null : string.Join('&', filters), !fast);
    }
}
