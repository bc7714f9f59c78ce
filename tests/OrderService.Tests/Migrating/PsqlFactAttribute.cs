namespace OrderService.Tests.Migrating;

/// <summary>A test that needs psql: left out with the reason where it is not on the path.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PsqlFactAttribute : FactAttribute
{
    public PsqlFactAttribute() => Skip = IsThere() ? null : "psql is not on the path (apt-get install postgresql-client).";

    private static bool IsThere() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, "psql")));
}
