namespace Migrations;

/// <summary>Rows for a new database, on demand.</summary>
/// <param name="Option">The argument that asks for them.</param>
/// <param name="Help">What it does, in words.</param>
/// <param name="Sql">One statement that changes nothing when it is run again.</param>
internal sealed record Filling(string Option, string Help, string Sql);
