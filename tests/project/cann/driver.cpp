// Prints the prototype of the emitted operator and drives its functions: stdin says the layout, the shapes and dtypes.
#include <iostream>
#include <sstream>

#include OPERATOR

static void PrintParams(const char* what, const std::vector<ops::OpParamDef>& params)
{
    for (const auto& each : params) {
        std::cout << what << " " << each.name << (each.option == ops::OPTIONAL ? " optional" : " required");
        for (auto type : each.types) std::cout << " " << type;
        std::cout << " formats " << each.formats << "\n";
    }
}

int main()
{
    const auto& op = ops::registered_operator;
    PrintParams("input", op.inputs);
    PrintParams("output", op.outputs);
    for (const auto& each : op.attributes) {
        std::cout << "attribute " << each.name << (each.option == ops::OPTIONAL ? " optional " : " required ")
                  << each.value << "\n";
    }
    for (const auto& unit : op.core.units) std::cout << "unit " << unit << "\n";

    gert::TilingContext tiling;
    gert::InferShapeContext shapes;
    gert::InferDataTypeContext types;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        std::string kind;
        in >> kind;
        if (kind == "text" || kind == "number" || kind == "flag") {
            size_t at = 0;
            std::string value;
            in >> at >> value;
            for (auto* attributes : {&tiling.attributes, &shapes.attributes}) {
                if (kind == "text") attributes->texts[at] = value;
                if (kind == "number") attributes->numbers[at] = std::stoll(value);
                if (kind == "flag") attributes->flags[at] = value == "1";
            }
            continue;
        }
        int type = 0;
        in >> type;
        gert::Shape shape;
        for (int64_t extent; in >> extent;) shape.AppendDim(extent);
        auto& operands = kind == "output" ? tiling.outputs : tiling.inputs;
        if (kind == "optional") operands.optional[operands.shapes.size()] = operands.shapes.size();
        operands.shapes.emplace_back(shape);
        operands.descs.emplace_back(static_cast<ge::DataType>(type));
        if (kind == "input") {
            shapes.inputs.push_back(shape);
            types.inputs.push_back(static_cast<ge::DataType>(type));
        }
    }
    shapes.outputs.resize(op.outputs.size());
    types.outputs.resize(op.outputs.size());
    std::cout << "tiling " << op.core.tiling(&tiling) << " key " << tiling.key << " blocks " << tiling.blocks << " mode "
              << tiling.mode << " workspace " << tiling.workspace << " bytes " << tiling.tiling.size << "\n";
    const int64_t* fields = reinterpret_cast<const int64_t*>(tiling.tiling.bytes);
    std::cout << "fields";
    for (size_t i = 0; i < tiling.tiling.size / 8; ++i) std::cout << " " << fields[i];
    std::cout << "\nshapes " << op.shape(&shapes) << " types " << op.type(&types) << "\n";
    for (size_t i = 0; i < shapes.outputs.size(); ++i) {
        std::cout << "result " << types.outputs[i];
        for (size_t j = 0; j < shapes.outputs[i].GetDimNum(); ++j) std::cout << " " << shapes.outputs[i].GetDim(j);
        std::cout << "\n";
    }
}
